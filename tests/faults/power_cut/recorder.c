/* Stands in front of the C library (LD_PRELOAD) and writes down, in order, what a program asks of the kernel for files
   below $RECORD_FOLDER, and what it prints, into $RECORD_LOG. For each call a line

       kind offset length name

   followed by the bytes for "write", "print" and "rename" (the new name). A call and its line are one step under a
   lock, so that the order in the log is the order in which things happened. sync_file_range is left out on purpose:
   it promises nothing about a disk's own cache, or about the length of a file. */

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Name below the folder of each open file; null for any other. The folder itself has an empty name. */
static char *names[DESCRIPTORS_MAX];
static const char *folder;
static int log_descriptor = -1;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORD_LOG");
    folder = getenv("RECORD_FOLDER");
    if (folder && path)
        log_descriptor = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void put(const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = syscall(SYS_write, log_descriptor, bytes, length);
        if (written <= 0)
            abort();
        bytes += written;
        length -= written;
    }
}

static void record(const char *kind, off_t offset, size_t length, const char *name, const void *bytes) {
    char line[4096];
    if (log_descriptor < 0)
        return;
    int size = snprintf(line, sizeof line, "%s %lld %zu %s\n", kind, (long long)offset, length, name);
    if (size < 0 || (size_t)size >= sizeof line)
        abort();
    put(line, size);
    if (bytes)
        put(bytes, length);
}

/* The name below the folder; null for what is elsewhere. */
static const char *below(const char *path) {
    size_t length = folder ? strlen(folder) : 0;
    if (!length || strncmp(path, folder, length) != 0)
        return NULL;
    if (path[length] == '\0')
        return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *name_of(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS_MAX ? names[descriptor] : NULL;
}

static void set_name(int descriptor, const char *name) {
    if (descriptor < 0 || descriptor >= DESCRIPTORS_MAX)
        return;
    free(names[descriptor]);
    names[descriptor] = name ? strdup(name) : NULL;
}

static int open_and_record(int at, const char *path, int flags, mode_t mode) {
    pthread_mutex_lock(&lock);
    int descriptor = syscall(SYS_openat, at, path, flags, mode);
    if (descriptor >= 0) {
        const char *name = below(path);
        set_name(descriptor, name);
        if (name && flags & O_CREAT)
            record("open", 0, 0, name, NULL);
        if (name && flags & O_TRUNC)
            record("truncate", 0, 0, name, NULL);
    }
    pthread_mutex_unlock(&lock);
    return descriptor;
}

#define MODE_OF(flags)                \
    mode_t mode = 0;                  \
    if ((flags) & O_CREAT) {          \
        va_list rest;                 \
        va_start(rest, flags);        \
        mode = va_arg(rest, mode_t);  \
        va_end(rest);                 \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_and_record(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_and_record(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_and_record(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    MODE_OF(flags)
    return open_and_record(at, path, flags, mode);
}

int close(int descriptor) {
    pthread_mutex_lock(&lock);
    set_name(descriptor, NULL);
    int result = syscall(SYS_close, descriptor);
    pthread_mutex_unlock(&lock);
    return result;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    pthread_mutex_lock(&lock);
    ssize_t written = syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    const char *name = name_of(descriptor);
    if (written > 0 && name)
        record("write", offset, written, name, bytes);
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return pwrite64(descriptor, bytes, length, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    pthread_mutex_lock(&lock);
    const char *name = name_of(descriptor);
    off_t offset = name ? syscall(SYS_lseek, descriptor, 0, SEEK_CUR) : 0;
    ssize_t written = syscall(SYS_write, descriptor, bytes, length);
    if (written > 0 && name)
        record("write", offset, written, name, bytes);
    if (written > 0 && descriptor == STDOUT_FILENO)
        record("print", 0, written, "", bytes);
    pthread_mutex_unlock(&lock);
    return written;
}

static int sync_and_record(int descriptor, long call) {
    pthread_mutex_lock(&lock);
    int result = syscall(call, descriptor);
    const char *name = name_of(descriptor);
    if (result == 0 && name)
        record("sync", 0, 0, name, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int descriptor) { return sync_and_record(descriptor, SYS_fsync); }

int fdatasync(int descriptor) { return sync_and_record(descriptor, SYS_fdatasync); }

int ftruncate64(int descriptor, off64_t length) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_ftruncate, descriptor, length);
    const char *name = name_of(descriptor);
    if (result == 0 && name)
        record("truncate", 0, length, name, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

int ftruncate(int descriptor, off_t length) { return ftruncate64(descriptor, length); }

int mkdir(const char *path, mode_t mode) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_mkdirat, AT_FDCWD, path, mode);
    const char *name = below(path);
    if (result == 0 && name)
        record("folder", 0, 0, name, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}

int rename(const char *from, const char *to) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
    const char *name = below(from), *new_name = below(to);
    if (result == 0 && name && new_name)
        record("rename", 0, strlen(new_name), name, new_name);
    pthread_mutex_unlock(&lock);
    return result;
}

int unlink(const char *path) {
    pthread_mutex_lock(&lock);
    int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
    const char *name = below(path);
    if (result == 0 && name)
        record("remove", 0, 0, name, NULL);
    pthread_mutex_unlock(&lock);
    return result;
}
