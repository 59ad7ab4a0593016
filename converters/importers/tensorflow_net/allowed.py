"""The operations a graph may hold: those that compute, and none that reads, writes or calls out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from converters.errors import ConvertError


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPUTE = _words("""
Abs Add AddN AddV2 All Any ArgMax AvgPool BatchMatMul BatchMatMulV2 BatchToSpaceND BiasAdd BiasAddV1
BroadcastTo Cast Ceil ClipByValue Concat ConcatV2 Const Conv2D Conv2DBackpropInput DepthToSpace
DepthwiseConv2dNative Div DivNoNan Elu Equal Erf Exp ExpandDims Fill Floor FloorDiv FloorMod
FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual
Identity IdentityN LRN LeakyRelu Less LessEqual Log LogSoftmax LogicalAnd LogicalNot LogicalOr
MatMul Max MaxPool MaxPoolV2 Maximum Mean Min Minimum MirrorPad Mul Neg NoOp NotEqual OneHot
OnesLike Pack Pad PadV2 Placeholder PlaceholderWithDefault Pow Prod RandomUniform Range Rank RealDiv
Reciprocal Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor Round Rsqrt Select SelectV2 Selu
Shape Sigmoid Sign Size Slice Snapshot Softmax Softplus SpaceToBatchND SpaceToDepth Split SplitV
Sqrt Square SquaredDifference Squeeze StopGradient StridedSlice Sub Sum Tanh Tile TopKV2 Transpose
TruncateDiv Unpack Where ZerosLike
""")
BRANCHES = frozenset(("Merge", "Switch"))
VARIABLES = frozenset(("ReadVariableOp", "VarHandleOp", "Variable", "VariableV2"))
SAVED_MODEL = _words("""
AssignVariableOp CheckpointInitialized DisableCopyOnRead MergeV2Checkpoints PartitionedCall
RestoreV2 SaveV2 ShardedFilename StatefulPartitionedCall StaticRegexFullMatch StringJoin
VarIsInitializedOp Assign Assert AssignSub AssignAdd RandomStandardNormal TruncatedNormal
StatelessRandomGetKeyCounter StatelessRandomNormalV2 StatelessRandomUniformV2
""")
"""What keeps a SavedModel's variables, and the numbers they began with; its paths are given by the
program that loads it."""


def refuse_others(nodes: Iterable[Any], allowed: frozenset[str], origin: str) -> None:
    """ConvertError naming the operations that are not in `allowed`."""
    others = sorted({node.op for node in nodes} - allowed)
    if others:
        raise ConvertError(
            f"{origin} holds operations that are not let in, since a file could do more than "
            f"compute with them, or that are not supported: {', '.join(others[:8])}"
        )
