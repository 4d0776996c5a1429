//! What a process that reads documents may not do. Memory and processor time are limited by the system; no file can be
//! opened, no connection made and no process started, where the system can be told so (Linux on x86-64 and ARM64).

use std::io;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setpriority_process, setrlimit};
use rustix::time::{ClockId, clock_gettime};

/// Address space beyond the memory, for the program itself and what allocators set aside without using it, in bytes.
const ADDRESS_SPACE_BEYOND: u64 = 1 << 30;
/// Whoever answers callers goes first.
const NICENESS: i32 = 10;

/// The limits of a process that reads documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confinement {
    /// Memory, the stack of its reader included, in bytes.
    pub memory_bytes: u64,
    /// Processor time for one document.
    pub processor_time: Duration,
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    // What stands is lower where whoever started this process says so.
    let most = getrlimit(resource).maximum.map_or(most, |maximum| maximum.min(most));
    Ok(setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?)
}

impl Confinement {
    /// Limits on memory and on files written, for the program that this process becomes next: an allocator sets
    /// memory aside at its start, which no later limit takes back.
    ///
    /// # Errors
    /// Where the system does not take a limit.
    pub fn before(self) -> io::Result<()> {
        // Where memory runs out, this is what may end first. Where the system does not know this, it is as it was.
        let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
        limit(Resource::Data, self.memory_bytes)?;
        limit(Resource::As, self.memory_bytes.saturating_add(ADDRESS_SPACE_BEYOND))?;
        limit(Resource::Core, 0)?;
        limit(Resource::Fsize, 0)?;
        // Not being granted, it is as it was.
        let _ = setpriority_process(None, NICENESS);
        Ok(())
    }

    /// All that this process needs none of any more: other files, a network, further processes.
    ///
    /// # Errors
    /// Where the system does not take a limit.
    pub fn within(self) -> io::Result<()> {
        // As many as are looked at in one call; what is open already has the numbers below.
        limit(Resource::Nofile, 1)?;
        system_calls::limit()
    }

    /// Processor time for one more document.
    ///
    /// # Errors
    /// Where the system does not take a limit.
    pub fn one_document(self) -> io::Result<()> {
        let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec.unsigned_abs();
        // Seconds begun are not counted, so that a document never has less than it may.
        let until = used.saturating_add(self.processor_time.as_secs()).saturating_add(1);
        let maximum = getrlimit(Resource::Cpu).maximum;
        Ok(setrlimit(Resource::Cpu, Rlimit { current: Some(until), maximum })?)
    }
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod system_calls {
    use std::io;

    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    };

    /// What computing, memory, threads and an answer through what is open already take.
    const ALLOWED: &[libc::c_long] = &[
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_ppoll,
        libc::SYS_close,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mprotect,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_brk,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_sched_getaffinity,
        libc::SYS_nanosleep,
        libc::SYS_clock_nanosleep,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_set_robust_list,
        libc::SYS_rseq,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_prlimit64,
        libc::SYS_exit,
        libc::SYS_exit_group,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_poll,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_getrlimit,
        #[cfg(target_arch = "x86_64")]
        libc::SYS_setrlimit,
    ];

    /// Lets this process and its threads make no other system call; every other is answered as one that is not there.
    pub fn limit() -> io::Result<()> {
        let invalid = |error: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::Unsupported, error.to_string());
        let condition = |argument, operator, value: u64| {
            SeccompCondition::new(argument, SeccompCmpArgLen::Qword, operator, value)
                .and_then(|condition| SeccompRule::new(vec![condition]))
                .map_err(|error| invalid(&error))
        };
        let thread = u64::try_from(libc::CLONE_THREAD).unwrap_or_default();
        let itself = u64::from(std::process::id());
        let conditional = [
            // A thread, not a process. The newer call hides what it asks for and is not there.
            (libc::SYS_clone, vec![condition(0, SeccompCmpOp::MaskedEq(thread), thread)?]),
            // To end itself.
            (libc::SYS_tgkill, vec![condition(0, SeccompCmpOp::Eq, itself)?]),
        ];
        let rules = ALLOWED.iter().map(|call| (*call, Vec::new())).chain(conditional).collect();
        let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
        let architecture =
            std::env::consts::ARCH.try_into().map_err(|error: seccompiler::BackendError| invalid(&error))?;
        let filter = SeccompFilter::new(rules, absent, SeccompAction::Allow, architecture);
        let program: Result<BpfProgram, _> = filter.map_err(|error| invalid(&error))?.try_into();
        let program = program.map_err(|error| invalid(&error))?;
        match seccompiler::apply_filter_all_threads(&program) {
            // A kernel, or a container, without such filters: the limits on memory, time and files hold all the same.
            Err(seccompiler::Error::Seccomp(error)) if is_missing(&error) => Ok(()),
            applied => applied.map_err(|error| invalid(&error)),
        }
    }

    fn is_missing(error: &io::Error) -> bool {
        matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EINVAL | libc::EPERM))
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
mod system_calls {
    /// Nothing to be told here.
    pub fn limit() -> std::io::Result<()> {
        Ok(())
    }
}
