/* Stands in front of the C library (LD_PRELOAD) and has calls for files below $FAULT_FOLDER fail or take long, as the
   first byte of the file $FAULT_CONTROL says at that moment:

       0  nothing     f  syncs fail with EIO     w  writes fail with EIO     n  writes fail with ENOSPC
       s  the disk is slow                                                                                        */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#define SLOW_SYNC_MICROSECONDS 150000
#define SLOW_WRITE_MICROSECONDS 5000

static volatile const char *control;
static const char *folder;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULT_CONTROL");
    folder = getenv("FAULT_FOLDER");
    if (!folder || !path)
        return;
    int descriptor = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        abort();
    void *page = mmap(NULL, 1, PROT_READ, MAP_SHARED, descriptor, 0);
    if (page == MAP_FAILED)
        abort();
    control = page;
}

static char mode_for(int descriptor) {
    char link[64], name[4096];
    if (!control || *control == '0')
        return '0';
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0)
        return '0';
    name[length] = '\0';
    size_t prefix = strlen(folder);
    return strncmp(name, folder, prefix) == 0 && (name[prefix] == '/' || name[prefix] == '\0') ? *control : '0';
}

static int write_fails(int descriptor) {
    switch (mode_for(descriptor)) {
    case 'w':
        errno = EIO;
        return 1;
    case 'n':
        errno = ENOSPC;
        return 1;
    case 's':
        usleep(SLOW_WRITE_MICROSECONDS);
    }
    return 0;
}

static int sync_fails(int descriptor) {
    switch (mode_for(descriptor)) {
    case 'f':
        errno = EIO;
        return 1;
    case 's':
        usleep(SLOW_SYNC_MICROSECONDS);
    }
    return 0;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset) {
    return write_fails(descriptor) ? -1 : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return pwrite64(descriptor, bytes, length, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    return write_fails(descriptor) ? -1 : syscall(SYS_write, descriptor, bytes, length);
}

int fsync(int descriptor) { return sync_fails(descriptor) ? -1 : syscall(SYS_fsync, descriptor); }

int fdatasync(int descriptor) { return sync_fails(descriptor) ? -1 : syscall(SYS_fdatasync, descriptor); }
