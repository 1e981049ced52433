// A library that tries to break out: from its static constructor, and again whenever it is called. Each attempt answers
// 0 if it succeeded and otherwise the error code. The paths and numbers of this run come from the compiler's command line.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(long result) { return result < 0 ? errno : 0; }

static int try_open(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int error = answer(fd);
    if (fd >= 0) close(fd);
    if (fd >= 0 && flags & O_CREAT) unlink(path);
    return error;
}

static int read_shadow(void) { return try_open("/etc/shadow", O_RDONLY); }
static int read_secret(void) { return try_open(FOLDER "/secret", O_RDONLY); }
static int list_folder(void) { return try_open(FOLDER, O_RDONLY | O_DIRECTORY); }
static int make_file(void) { return try_open(FOLDER "/made", O_RDWR | O_CREAT); }
static int make_file_at_root(void) { return try_open("/made", O_RDWR | O_CREAT); }
static int open_memory_device(void) { return try_open("/dev/mem", O_RDONLY); }
static int open_device(void) { return try_open("/dev/zero", O_RDWR); }

static int read_host_memory(void) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", VICTIM);
    return try_open(path, O_RDONLY);
}

// The working directory is the folder of the process's own descriptors.
static int climb_out(void) { return try_open("../../uptime", O_RDONLY); }

static int write_own_library(void) {
    char path[64];
    snprintf(path, sizeof path, "./%d", LIBRARY);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", LIBRARY);
        fd = open(path, O_RDWR | O_CLOEXEC);
    }
    if (fd < 0) return errno;
    // The limit of file sizes answers with this signal, and with an error code only where it is ignored.
    signal(SIGXFSZ, SIG_IGN);
    int error = answer(pwrite(fd, "\x7f", 1, 0));
    close(fd);
    return error;
}

static int try_socket(int family, int type, int protocol) {
    int fd = socket(family, type, protocol);
    int error = answer(fd);
    if (fd >= 0) close(fd);
    return error;
}

static int socket_inet(void) { return try_socket(AF_INET, SOCK_STREAM, 0); }
static int socket_unix(void) { return try_socket(AF_UNIX, SOCK_STREAM, 0); }
static int socket_netlink(void) { return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }

static int try_connect(int family, const void *address, socklen_t size) {
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return errno;
    int error = answer(connect(fd, address, size));
    close(fd);
    return error;
}

static int connect_tcp(void) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return try_connect(AF_INET, &to, sizeof to);
}

static int connect_abstract(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path + 1, ABSTRACT, strlen(ABSTRACT));
    return try_connect(AF_UNIX, &to, offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ABSTRACT));
}

static int connect_path(void) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strcpy(to.sun_path, FOLDER "/listener");
    return try_connect(AF_UNIX, &to, sizeof to);
}

static int wait_for(pid_t child) {
    int status = 0;
    if (waitpid(child, &status, 0) < 0) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int make_process(void) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    return child < 0 ? errno : wait_for(child);
}

static int start_program(void) {
    char *arguments[] = {"true", NULL}, *environment[] = {NULL};
    pid_t child = fork();
    if (child > 0) return wait_for(child);
    // Where no process can be made, the call itself is what is tried.
    execve("/bin/true", arguments, environment);
    int error = errno;
    if (child == 0) _exit(error);
    return error;
}

static void *nothing(void *unused) { return unused; }

static int make_thread(void) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    if (!error) pthread_join(thread, NULL);
    return error;
}

static int trace_host(void) { return answer(ptrace(PTRACE_SEIZE, VICTIM, 0, 0)); }
static int signal_host(void) { return answer(kill(VICTIM, 0)); }
static int signal_host_thread(void) { return answer(syscall(SYS_tgkill, VICTIM, VICTIM, 0)); }
static int change_namespace(void) { return answer(unshare(CLONE_NEWNS)); }

static int mount_something(void) {
    // So that a run without a box leaves the host's mounts alone.
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) return errno;
    int error = answer(mount("none", FOLDER, "tmpfs", 0, NULL));
    if (!error) umount2(FOLDER, MNT_DETACH);
    return error;
}

static int change_user(void) { return answer(syscall(SYS_setuid, getuid())); }
static int outlive_host(void) { return answer(prctl(PR_SET_PDEATHSIG, 0)); }
static int block_host(void) { return answer(fcntl(2, F_SETFL, fcntl(2, F_GETFL))); }

static int hold_capability(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct sets[2] = {0};
    if (syscall(SYS_capget, &header, sets) < 0) return errno;
    return sets[0].permitted || sets[1].permitted ? 0 : EPERM;
}

static int raise_limit(void) {
    struct rlimit most;
    if (getrlimit(RLIMIT_NOFILE, &most)) return errno;
    most.rlim_cur = most.rlim_max;
    return answer(setrlimit(RLIMIT_NOFILE, &most));
}

static int try_map(int protection, int flags) {
    void *memory = mmap(NULL, 4096, protection, flags | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    munmap(memory, 4096);
    return 0;
}

static int map_uncounted_memory(void) { return try_map(PROT_READ | PROT_WRITE, MAP_SHARED); }
static int map_code(void) { return try_map(PROT_READ | PROT_EXEC, MAP_PRIVATE); }
static int map_data(void) { return try_map(PROT_READ | PROT_WRITE, MAP_PRIVATE); }
static int make_memory_file(void) {
    int fd = memfd_create("more", MFD_CLOEXEC);
    int error = answer(fd);
    if (fd >= 0) close(fd);
    return error;
}

#define ATTEMPT(name) {#name, name}
static const struct {
    const char *name;
    int (*try)(void);
} attempts[] = {
    ATTEMPT(read_shadow),        ATTEMPT(read_secret),      ATTEMPT(list_folder),
    ATTEMPT(make_file),          ATTEMPT(make_file_at_root), ATTEMPT(open_memory_device),
    ATTEMPT(open_device),        ATTEMPT(read_host_memory), ATTEMPT(climb_out),
    ATTEMPT(write_own_library),  ATTEMPT(socket_inet),      ATTEMPT(socket_unix),
    ATTEMPT(socket_netlink),     ATTEMPT(connect_tcp),      ATTEMPT(connect_abstract),
    ATTEMPT(connect_path),       ATTEMPT(make_process),     ATTEMPT(start_program),
    ATTEMPT(make_thread),        ATTEMPT(trace_host),       ATTEMPT(signal_host),
    ATTEMPT(signal_host_thread), ATTEMPT(change_namespace), ATTEMPT(mount_something),
    ATTEMPT(change_user),        ATTEMPT(outlive_host),     ATTEMPT(block_host),
    ATTEMPT(hold_capability),    ATTEMPT(raise_limit),      ATTEMPT(map_uncounted_memory),
    ATTEMPT(map_code),           ATTEMPT(map_data),         ATTEMPT(make_memory_file),
};
enum { COUNT = sizeof attempts / sizeof *attempts };

static int while_loading[COUNT];

__attribute__((constructor)) static void load(void) {
    for (int i = 0; i < COUNT; i++) while_loading[i] = attempts[i].try();
}

const char *hostile_name(int i) { return i < COUNT ? attempts[i].name : NULL; }
int hostile_while_loading(int i) { return while_loading[i]; }
int hostile_now(int i) { return attempts[i].try(); }
