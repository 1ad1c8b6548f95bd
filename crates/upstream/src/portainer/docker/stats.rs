//! What a container uses, from Docker's counters.

use std::collections::BTreeMap;

use serde::Deserialize;
use types::Millis;

use super::wire::time;

/// What a container uses. Nothing is known of one that does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ContainerStats {
    /// When it was measured; none if it does not run.
    pub time: Option<Millis>,
    /// Processors in use: 1.5 is one and a half. None until there are two measurements.
    pub cpus: Option<f64>,
    /// Bytes of memory, without what the kernel keeps of files and gives back when needed.
    pub memory: u64,
    /// Bytes of memory it may use; the host's if it has no limit of its own.
    pub memory_limit: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Bytes received over all networks since it was started.
    pub received: u64,
    /// Bytes sent over all networks since it was started.
    pub sent: u64,
    /// Bytes read from disks since it was started.
    pub read: u64,
    /// Bytes written to disks since it was started.
    pub written: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct StatsReply {
    read: String,
    cpu_stats: Cpu,
    precpu_stats: Cpu,
    memory_stats: Memory,
    pids_stats: Pids,
    networks: Option<BTreeMap<String, Network>>,
    blkio_stats: Disks,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cpu {
    cpu_usage: CpuUsage,
    /// Nanoseconds of all processors together.
    system_cpu_usage: u64,
    online_cpus: u32,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CpuUsage {
    /// Nanoseconds.
    total_usage: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Memory {
    usage: u64,
    limit: u64,
    stats: BTreeMap<String, u64>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pids {
    current: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Network {
    rx_bytes: u64,
    tx_bytes: u64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Disks {
    io_service_bytes_recursive: Option<Vec<Transfer>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Transfer {
    op: String,
    value: u64,
}

impl From<StatsReply> for ContainerStats {
    fn from(reply: StatsReply) -> Self {
        let memory = &reply.memory_stats;
        // As `docker stats` counts: cgroup v2's name, then v1's.
        let cache = ["inactive_file", "total_inactive_file"].iter().find_map(|name| memory.stats.get(*name));
        let disks = reply.blkio_stats.io_service_bytes_recursive.unwrap_or_default();
        let moved =
            |word: &str| disks.iter().filter(|one| one.op.eq_ignore_ascii_case(word)).map(|one| one.value).sum();
        let networks = reply.networks.unwrap_or_default();
        Self {
            time: time(&reply.read),
            cpus: cpus(&reply.cpu_stats, &reply.precpu_stats),
            memory: memory.usage.saturating_sub(cache.copied().unwrap_or_default()),
            memory_limit: memory.limit,
            processes: reply.pids_stats.current,
            received: networks.values().map(|one| one.rx_bytes).sum(),
            sent: networks.values().map(|one| one.tx_bytes).sum(),
            read: moved("read"),
            written: moved("write"),
        }
    }
}

/// The container's part of what all processors did between two measurements.
fn cpus(now: &Cpu, before: &Cpu) -> Option<f64> {
    let own = now.cpu_usage.total_usage.checked_sub(before.cpu_usage.total_usage)?;
    let all = now.system_cpu_usage.checked_sub(before.system_cpu_usage).filter(|all| *all > 0)?;
    #[expect(clippy::cast_precision_loss, reason = "a share of some seconds in nanoseconds")]
    let share = own as f64 / all as f64;
    (before.system_cpu_usage > 0).then(|| share * f64::from(now.online_cpus))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_become_what_people_read() {
        let reply: StatsReply = serde_json::from_str(
            r#"{"read":"2026-01-02T03:04:05.678Z","pids_stats":{"current":7},
                "cpu_stats":{"cpu_usage":{"total_usage":3000},"system_cpu_usage":20000,"online_cpus":4},
                "precpu_stats":{"cpu_usage":{"total_usage":2000},"system_cpu_usage":12000,"online_cpus":4},
                "memory_stats":{"usage":1000,"limit":4000,"stats":{"inactive_file":300,"anon":1}},
                "networks":{"eth0":{"rx_bytes":1,"tx_bytes":2},"eth1":{"rx_bytes":10,"tx_bytes":20}},
                "blkio_stats":{"io_service_bytes_recursive":[{"op":"read","value":5},{"op":"Write","value":6},{"op":"write","value":1}]}}"#,
        )
        .unwrap();
        let stats = ContainerStats::from(reply);
        assert_eq!((stats.cpus, stats.memory, stats.memory_limit), (Some(0.5), 700, 4000));
        assert_eq!((stats.processes, stats.received, stats.sent, stats.read, stats.written), (7, 11, 22, 5, 7));
        assert_eq!(stats.time, Some(1_767_323_045_678));
    }

    #[test]
    fn what_does_not_run_uses_nothing() {
        let reply: StatsReply = serde_json::from_str(
            r#"{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}},"memory_stats":{},
                "blkio_stats":{"io_service_bytes_recursive":null}}"#,
        )
        .unwrap();
        assert_eq!(ContainerStats::from(reply), ContainerStats::default());
    }
}
