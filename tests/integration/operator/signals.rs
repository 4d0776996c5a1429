//! What the service does on SIGHUP, and what it tells the supervisor that started it.

use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::program::Program;

const JSON: &str = "[log]\njson = true\n";

fn write(program: &Program, settings: &str) {
    std::fs::write(program.folder().join("config.toml"), settings).unwrap();
}

/// The value of a field in the first line of the log with such a message.
fn said(lines: &[String], message: &str, field: &str) -> Option<String> {
    lines.iter().rev().find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = line.get("message")?.as_str()?.contains(message);
        is_it.then(|| line.get(field).and_then(|value| value.as_str()).unwrap_or_default().to_owned())
    })
}

#[test]
fn a_hang_up_takes_on_what_can_be_and_says_what_needs_a_restart() {
    let program = Program::configured(TempDir::new().unwrap(), JSON, "127.0.0.1:0", &[]);
    assert_eq!(program.get_of_clients("/v1/openapi.json").0, 200);
    let level = |program: &Program| program.log().iter().filter(|line| line.contains("\"DEBUG\"")).count();
    assert_eq!(level(&program), 0);
    write(
        &program,
        "[log]\njson = true\nfilter = \"huizong=debug,info\"\n[limits]\ncalls_per_second_per_address = 1\npage_rows = 7\n",
    );
    program.signal("HUP");
    let taken = program.wait_for(|lines| said(lines, "the settings were read again", "changed"));
    assert_eq!(taken, "limits.calls_per_second_per_address log.filter");
    let later = program.wait_for(|lines| said(lines, "hold from the next start only", "changed"));
    assert_eq!(later, "limits.page_rows");
    // Two seconds' calls may come at once: of five some are too many.
    let codes: Vec<u16> = (0..5).map(|_| program.get_of_clients("/v1/openapi.json").0).collect();
    assert!(codes.contains(&429), "{codes:?}");
    write(&program, "[limits]\ncals = 1\n");
    program.signal("HUP");
    let error = program.wait_for(|lines| said(lines, "the settings cannot be used", "error"));
    assert!(error.contains("cals"), "{error}");
    assert_eq!(program.get("/readyz").0, 200, "it serves on");
}

/// The next message to the supervisor that is not one of those that come by themselves.
fn next(socket: &UnixDatagram) -> String {
    let mut bytes = [0; 512];
    loop {
        let length = socket.recv(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if !text.starts_with("WATCHDOG") {
            return text;
        }
    }
}

#[test]
fn a_supervisor_is_told_when_it_serves_reads_settings_stops_and_that_it_is_alive() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let variables = [("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "200000")];
    let program = Program::configured(TempDir::new().unwrap(), JSON, "127.0.0.1:0", &variables);
    assert!(next(&socket).starts_with("READY=1\nSTATUS=serving"));
    let mut alive = 0;
    let began = Instant::now();
    let mut bytes = [0; 512];
    while alive < 3 {
        let length = socket.recv(&mut bytes).unwrap();
        alive += usize::from(bytes[..length].starts_with(b"WATCHDOG=1"));
        assert!(began.elapsed() < Duration::from_secs(30), "it does not say that it is alive");
    }
    program.signal("HUP");
    let reloading = next(&socket);
    assert!(reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="), "{reloading}");
    assert!(next(&socket).starts_with("READY=1"));
    program.terminate();
    assert!(next(&socket).starts_with("STOPPING=1"));
}
