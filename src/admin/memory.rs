//! How much memory the process may take before the kernel ends it.

use std::path::Path;

/// Where the kernel shows the group of processes that this one belongs to, and the groups themselves.
const OWN_GROUP: &str = "/proc/self/cgroup";
const GROUPS: &str = "/sys/fs/cgroup";

/// The least of the limits that hold, in bytes; none where nothing limits it, or the kernel does not say.
pub(crate) fn limit_bytes() -> Option<u64> {
    let own = std::fs::read_to_string(OWN_GROUP).ok()?;
    least_limit(Path::new(GROUPS), group_of(&own)?)
}

/// The group in the hierarchy of version 2, whose line begins with `0::`.
fn group_of(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("0::/"))
}

/// The least limit of a group and those above it.
fn least_limit(groups: &Path, group: &str) -> Option<u64> {
    let limits = Path::new(group).ancestors().filter_map(|group| {
        let text = std::fs::read_to_string(groups.join(group).join("memory.max")).ok()?;
        text.trim().parse().ok()
    });
    limits.min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_limit_of_a_group_and_those_above_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("system.slice/huizong.service");
        std::fs::create_dir_all(&inner).unwrap();
        let group = group_of("1:name=systemd:/x\n0::/system.slice/huizong.service\n").unwrap();
        assert_eq!(least_limit(folder.path(), group), None);
        std::fs::write(inner.join("memory.max"), "max\n").unwrap();
        assert_eq!(least_limit(folder.path(), group), None, "it has none of its own");
        std::fs::write(folder.path().join("system.slice/memory.max"), "4096\n").unwrap();
        assert_eq!(least_limit(folder.path(), group), Some(4096));
        std::fs::write(inner.join("memory.max"), "1024\n").unwrap();
        assert_eq!(least_limit(folder.path(), group), Some(1024));
        assert_eq!(least_limit(folder.path(), group_of("0::/\n").unwrap()), None);
    }
}
