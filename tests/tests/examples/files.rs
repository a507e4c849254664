//! The example that serves files.

use crate::server::Server;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// 6 November 1994, 08:49:37, and half a second.
const MODIFIED: Duration = Duration::from_millis(784_111_777_500);
const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

/// A directory that is removed with it.
struct Directory(PathBuf);

impl Directory {
    fn new(package: &str, name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{package}-examples-{}-{name}", std::process::id()));
        fs::create_dir_all(path.join("root")).unwrap();
        Directory(path)
    }

    /// Serves the part of it that is meant to be seen.
    fn serve(&self, package: &str) -> Server {
        Server::start(package, "static_files", &[self.0.join("root").to_str().unwrap()])
    }

    fn write(&self, path: impl AsRef<Path>, content: &str) {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + MODIFIED).unwrap();
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn static_files(package: &str) {
    let directory = Directory::new(package, "files");
    directory.write("root/digits.txt", "0123456789");
    directory.write("root/empty.css", "");
    directory.write("root/sub/index.html", "<!doctype html>");
    directory.write("root/a blank/ä.bin", "octets");
    let server = directory.serve(package);

    let whole = server.ask("GET", "/digits.txt", "");
    assert_eq!((whole.status(), whole.text()), ("200", "0123456789"));
    assert_eq!(whole.field("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(whole.field("last-modified"), Some(DATE));
    assert_eq!(whole.field("accept-ranges"), Some("bytes"));
    let head = server.ask("HEAD", "/digits.txt", "Range: bytes=0-1\r\n");
    assert_eq!((head.status(), head.field("content-length"), head.text()), ("200", Some("10"), ""));
    assert_eq!(server.curl(&[], "/sub/"), "<!doctype html>");
    assert_eq!(server.curl(&[], "/a%20blank/%C3%A4.bin"), "octets");
    assert_eq!(server.ask("GET", "/digits.txt?version=2", "").text(), "0123456789");
    let empty = server.ask("GET", "/empty.css", "");
    assert_eq!((empty.status(), empty.field("content-length"), empty.text()), ("200", Some("0"), ""));
    let refused = server.ask("DELETE", "/digits.txt", "");
    assert_eq!((refused.status(), refused.field("allow")), ("405", Some("GET, HEAD")));

    // Ranges: RFC 9110 section 14.
    for (range, sent) in [("0-0", "0-0"), ("2-4", "2-4"), ("7-", "7-9"), ("-3", "7-9"), ("-99", "0-9"), ("9-99", "9-9")]
    {
        let part = server.ask("GET", "/digits.txt", &format!("Range: bytes={range}\r\n"));
        let (first, last) = sent.split_once('-').unwrap();
        let octets = &"0123456789"[first.parse().unwrap()..=last.parse().unwrap()];
        assert_eq!((part.status(), part.text()), ("206", octets), "{range}");
        assert_eq!(part.field("content-range"), Some(&*format!("bytes {sent}/10")));
    }
    for range in ["10-", "10-10", "99999999999999999999999-", "-0"] {
        let none = server.ask("GET", "/digits.txt", &format!("Range: bytes={range}\r\n"));
        assert_eq!((none.status(), none.field("content-range")), ("416", Some("bytes */10")), "{range}");
    }
    assert_eq!(server.ask("GET", "/empty.css", "Range: bytes=0-\r\n").status(), "416");
    for range in ["bytes=4-2", "bytes=+1-2", "bytes=1-2,4-5", "bytes=-", "bytes=", "lines=1-2"] {
        let whole = server.ask("GET", "/digits.txt", &format!("Range: {range}\r\n"));
        assert_eq!((whole.status(), whole.text()), ("200", "0123456789"), "{range}");
    }
    let resumed =
        |version: &str| server.ask("GET", "/digits.txt", &format!("Range: bytes=5-\r\nIf-Range: {version}\r\n"));
    assert_eq!(resumed(DATE).text(), "56789");
    assert_eq!(resumed("Sun, 06 Nov 1994 08:49:38 GMT").text(), "0123456789");

    // Revalidation: RFC 9110 section 13.1.3.
    let since = |fields: &str| server.ask("GET", "/digits.txt", fields).status().to_owned();
    assert_eq!(since(&format!("If-Modified-Since: {DATE}\r\n")), "304");
    assert_eq!(since("If-Modified-Since: Sunday, 06-Nov-94 08:49:38 GMT\r\n"), "304");
    assert_eq!(since("If-Modified-Since: Sun Nov  6 08:49:36 1994\r\n"), "200");
    assert_eq!(since("If-Modified-Since: yesterday\r\n"), "200");
    assert_eq!(since(&format!("If-Modified-Since: {DATE}\r\nIf-None-Match: \"tag\"\r\n")), "200");
}

pub(crate) fn nothing_outside_of_the_directory_is_served(package: &str) {
    let directory = Directory::new(package, "outside");
    directory.write("root/inside.txt", "inside");
    directory.write("secret.txt", "secret");
    directory.write("root-too/secret.txt", "secret");
    #[cfg(unix)]
    std::os::unix::fs::symlink(directory.0.join("secret.txt"), directory.0.join("root/link.txt")).unwrap();
    let server = directory.serve(package);
    let absolute = directory.0.join("secret.txt");
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2froot-too/secret.txt",
        "/inside.txt/../../secret.txt",
        "/..",
        "/",
        "/link.txt",
        "/inside.txt%00",
        "/%FF",
        &format!("/{}", absolute.display()),
        &format!("/%2f{}", absolute.display()),
    ] {
        let answer = server.ask("GET", path, "");
        assert_eq!((answer.status(), answer.text()), ("404", "Not found\n"), "{path}");
    }
    assert_eq!(server.curl(&[], "/inside.txt"), "inside");
}

/// N23: 2 GiB to a reader that is slower than the disk.
#[cfg(target_os = "linux")]
pub(crate) fn n23_a_large_file_needs_little_memory(package: &str) {
    const LENGTH: u64 = 2 << 30;
    let directory = Directory::new(package, "large");
    // Without a block on the disk.
    fs::File::create(directory.0.join("root/large.bin")).unwrap().set_len(LENGTH).unwrap();
    let server = directory.serve(package);
    let peak = || -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    assert_eq!(server.ask("HEAD", "/large.bin", "").field("content-length"), Some("2147483648"));
    let before = peak();
    let mut client = server.connect();
    client.send("GET /large.bin HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    client.head();
    let (mut read, mut rest, mut room) = (0, 0, vec![0; 256 * 1024]);
    loop {
        let count = client.read(&mut room).unwrap() as u64;
        if count == 0 {
            break;
        }
        read += count;
        if read - rest > 8 << 20 {
            rest = read;
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    assert_eq!(read, LENGTH);
    let grown = peak() - before;
    assert!(grown < 8 * 1024, "{grown} KiB");
}
