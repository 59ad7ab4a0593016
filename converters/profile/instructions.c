/* A QEMU user-mode plugin that counts the guest's executed instructions.
 *
 * The guest asks for the running total by calling getppid(), which does nothing else of note: each
 * such call writes one line "instructions N" to standard error. So a program brackets what it
 * wants counted with two calls and subtracts.
 *
 * Debian ships QEMU with plugins but without the plugin header, so the few declarations of API
 * version 1 (docs/devel/tcg-plugins in QEMU) that are used stand here.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;

typedef void (*on_block)(plugin_id, struct qemu_plugin_tb *);
typedef void (*on_syscall)(plugin_id, unsigned int, int64_t, uint64_t, uint64_t, uint64_t, uint64_t,
                           uint64_t, uint64_t, uint64_t, uint64_t);

extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, on_block);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, int, void *, uint64_t);
extern void qemu_plugin_register_vcpu_syscall_cb(plugin_id, on_syscall);

#define INLINE_ADD 0
#define AARCH64_GETPPID 173

int qemu_plugin_version = 1;

static uint64_t executed;

/* A translated block always runs to its end, so its length can be added when it starts. */
static void count_block(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD, &executed,
                                             qemu_plugin_tb_n_insns(block));
}

static void report(plugin_id id, unsigned int cpu, int64_t number, uint64_t a, uint64_t b,
                   uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h)
{
    (void)id, (void)cpu, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h;
    if (number == AARCH64_GETPPID)
        fprintf(stderr, "instructions %llu\n", (unsigned long long)executed);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, count_block);
    qemu_plugin_register_vcpu_syscall_cb(id, report);
    return 0;
}
