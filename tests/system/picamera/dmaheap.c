/* Gives libcamera and Picamera2 buffers where the kernel has neither /dev/udmabuf nor
 * /dev/dma_heap: memory files instead. Preloaded in tests only.
 *
 * <fcntl.h> is left out, since it declares open() with an ellipsis. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

/* linux/dma-heap.h and linux/dma-buf.h; the name's size differs between 32 and 64 bits. */
#define DMA_HEAP_IOCTL_ALLOC 0xc0184800u
#define DMA_BUF_IOCTL_SYNC 0x40086200u
#define DMA_BUF_SET_NAME 0x40086201u

struct heap_allocation {
    uint64_t len;
    uint32_t fd, fd_flags;
    uint64_t heap_flags;
};

#define REDIRECTED(name, parameters, arguments)                                 \
    int name parameters {                                                       \
        static int(*real) parameters;                                           \
        if (!real) real = dlsym(RTLD_NEXT, #name);                              \
        if (!strncmp(path, "/dev/dma_heap/", 14)) path = "/dev/null";           \
        return real arguments;                                                  \
    }

REDIRECTED(open, (const char *path, int flags, mode_t mode), (path, flags, mode))
REDIRECTED(open64, (const char *path, int flags, mode_t mode), (path, flags, mode))
REDIRECTED(__open_2, (const char *path, int flags), (path, flags))
REDIRECTED(__open64_2, (const char *path, int flags), (path, flags))
REDIRECTED(openat, (int at, const char *path, int flags, mode_t mode), (at, path, flags, mode))
REDIRECTED(openat64, (int at, const char *path, int flags, mode_t mode), (at, path, flags, mode))

static int allocate(struct heap_allocation *wanted) {
    int memory = memfd_create("heap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (memory < 0 || ftruncate(memory, wanted->len)) return -1;
    wanted->fd = memory;
    return 0;
}

int ioctl(int fd, unsigned long request, ...) {
    static int (*real)(int, unsigned long, void *);
    if (!real) real = dlsym(RTLD_NEXT, "ioctl");
    va_list list;
    va_start(list, request);
    void *argument = va_arg(list, void *);
    va_end(list);
    uint32_t number = request;
    if (number == DMA_HEAP_IOCTL_ALLOC) return allocate(argument);
    int result = real(fd, request, argument);
    int harmless = number == DMA_BUF_IOCTL_SYNC || number == DMA_BUF_SET_NAME;
    return result && harmless && errno == ENOTTY ? 0 : result;
}
