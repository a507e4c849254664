//! 256 different request heads from a fixed seed: navigation, assets, API calls and command-line clients, with the
//! fields, the orders and the cookies that such clients send. 100 to 1,500 octets each.

use std::fmt::Write;

pub(crate) const COUNT: usize = 256;
const SIZES: std::ops::RangeInclusive<usize> = 100..=1500;

const HOSTS: &[&str] = &["example.com", "www.example.org", "api.shop.example.net:8443", "cdn-07.static.example.com"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 \
     Mobile/15E148 Safari/604.1",
];
const TOOLS: &[&str] = &["curl/8.5.0", "okhttp/4.12.0", "python-requests/2.32.3", "Go-http-client/1.1", "k6/0.54.0"];
const SEGMENTS: &[&str] = &["api", "v2", "users", "static", "js", "orders", "images", "search", "catalogue", "2024"];
const PAGES: &[&str] = &["text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html, */*;q=0.1"];
const ASSETS: &[&str] = &["image/avif,image/webp,*/*;q=0.5", "text/css,*/*;q=0.1", "*/*", "font/woff2;q=1.0,*/*;q=0.1"];
const LANGUAGES: &[&str] = &["en-US,en;q=0.9", "de-DE,de;q=0.8,en;q=0.5", "fr,en;q=0.3", "ja,en-US;q=0.7,en;q=0.3"];
const CODINGS: &[&str] = &["gzip, deflate, br, zstd", "gzip, deflate, br", "gzip"];
const COOKIES: &[&str] = &["session", "_ga", "_gid", "csrftoken", "cart", "prefs", "consent", "_fbp", "lang"];
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

/// The heads, the same ones in every run.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut heads = Vec::with_capacity(COUNT);
    while heads.len() < COUNT {
        let head = request(&mut random).into_bytes();
        if SIZES.contains(&head.len()) && !heads.contains(&head) {
            heads.push(head);
        }
    }
    heads
}

fn request(random: &mut Random) -> String {
    match random.below(10) {
        0..3 => browser(random, true),
        3..6 => browser(random, false),
        6..9 => api(random),
        _ => tool(random),
    }
}

fn browser(random: &mut Random, page: bool) -> String {
    let host = random.of(HOSTS);
    let mut head = Head::new("GET", &target(random, page), host);
    head.line("Connection", "keep-alive");
    if random.one_in(2) {
        head.line("sec-ch-ua", "\"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"");
        head.line("sec-ch-ua-mobile", "?0");
        head.line("sec-ch-ua-platform", random.of(&["\"Windows\"", "\"macOS\"", "\"Linux\""]));
    }
    if page {
        head.line("Upgrade-Insecure-Requests", "1");
    }
    head.line("User-Agent", random.of(AGENTS));
    head.line("Accept", random.of(if page { PAGES } else { ASSETS }));
    head.line("Sec-Fetch-Site", random.of(&["same-origin", "cross-site", "none"]));
    head.line("Sec-Fetch-Mode", if page { "navigate" } else { "no-cors" });
    head.line("Sec-Fetch-Dest", if page { "document" } else { random.of(&["image", "script", "style"]) });
    if random.one_in(2) {
        head.line("Referer", &format!("https://{host}{}", target(random, true)));
    }
    head.line("Accept-Encoding", random.of(CODINGS));
    head.line("Accept-Language", random.of(LANGUAGES));
    if random.one_in(3) {
        head.line("If-None-Match", &format!("W/\"{}\"", random.word(12, 30)));
        head.line("If-Modified-Since", "Tue, 15 Oct 2024 08:12:31 GMT");
    }
    if !random.one_in(4) {
        head.line("Cookie", &cookies(random));
    }
    head.end()
}

fn api(random: &mut Random) -> String {
    let method = random.of(&["GET", "POST", "PUT", "DELETE", "PATCH"]);
    let mut head = Head::new(method, &target(random, false), random.of(HOSTS));
    head.line("accept", "application/json");
    if random.one_in(2) {
        head.line("authorization", &format!("Bearer {}", random.word(40, 400)));
    }
    if matches!(method, "POST" | "PUT" | "PATCH") {
        head.line("content-type", random.of(&["application/json", "application/x-www-form-urlencoded"]));
        if random.one_in(4) {
            head.line("transfer-encoding", "chunked");
        } else {
            head.line("content-length", &random.below(100_000).to_string());
        }
    }
    let agents = if random.one_in(2) { TOOLS } else { AGENTS };
    head.line("user-agent", random.of(agents));
    head.line("accept-encoding", random.of(CODINGS));
    if random.one_in(2) {
        head.line("x-request-id", &random.word(32, 36));
    }
    if random.one_in(3) {
        head.line("x-forwarded-for", "203.0.113.7, 198.51.100.23");
        head.line("x-forwarded-proto", "https");
    }
    head.end()
}

fn tool(random: &mut Random) -> String {
    let method = random.of(&["GET", "GET", "HEAD"]);
    let mut head = Head::new(method, &target(random, true), random.of(HOSTS));
    head.line("User-Agent", random.of(TOOLS));
    head.line("Accept", "*/*");
    head.end()
}

fn target(random: &mut Random, query: bool) -> String {
    let mut target = String::new();
    for _ in 0..1 + random.below(4) {
        let segment = if random.one_in(3) { random.word(4, 24) } else { random.of(SEGMENTS).to_owned() };
        target.push('/');
        target.push_str(&segment);
    }
    if query && random.one_in(2) {
        let _ = write!(target, "?q={}&page={}", random.word(3, 40), random.below(50));
    }
    target
}

fn cookies(random: &mut Random) -> String {
    let pairs: Vec<String> =
        (0..1 + random.below(6)).map(|_| format!("{}={}", random.of(COOKIES), random.word(2, 64))).collect();
    pairs.join("; ")
}

struct Head(String);

impl Head {
    fn new(method: &str, target: &str, host: &str) -> Self {
        Head(format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n"))
    }

    fn line(&mut self, name: &str, value: &str) {
        let _ = write!(self.0, "{name}: {value}\r\n");
    }

    fn end(self) -> String {
        self.0 + "\r\n"
    }
}

/// xorshift64: enough for variety, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.below(choices.len())]
    }

    fn word(&mut self, least: usize, most: usize) -> String {
        let length = least + self.below(most - least + 1);
        (0..length).map(|_| char::from(LETTERS[self.below(LETTERS.len())])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heads_differ_and_are_the_same_in_every_run() {
        let heads = requests();
        assert_eq!(heads.len(), COUNT);
        assert_eq!(heads, requests());
        let mut distinct = heads.clone();
        distinct.sort();
        distinct.dedup();
        assert_eq!(distinct.len(), COUNT);
        assert!(heads.iter().all(|head| SIZES.contains(&head.len())));
    }
}
