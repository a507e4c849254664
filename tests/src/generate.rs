//! Inputs that are HTTP/1 for the most part: the interesting errors lie one step beside what is right. Every choice is
//! taken from octets of the caller's, so that a fuzzer steers it and proptest can shrink it.

use crate::drive::Setup;
use crate::reference::{Outstanding, Role};
use http_proto::{Config, Limits};
use std::sync::Arc;

/// Octets that choices are made of. When they run out every choice is the first one.
#[derive(Debug, Clone)]
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    /// A number below `count`, at most 256 of them.
    pub fn below(&mut self, count: usize) -> usize {
        match self.0 {
            [first, rest @ ..] => {
                self.0 = rest;
                usize::from(*first) % count.max(1)
            }
            [] => 0,
        }
    }

    /// True once in `count`.
    pub fn once_in(&mut self, count: usize) -> bool {
        self.below(count) == count - 1
    }

    /// Mostly one of the first `usual`.
    pub fn usually<'t>(&mut self, usual: usize, of: &[&'t [u8]]) -> &'t [u8] {
        let count = if self.once_in(12) { of.len() } else { usual };
        of[self.below(count)]
    }

    /// One of these.
    pub fn one<'t, T: ?Sized>(&mut self, of: &[&'t T]) -> &'t T {
        of[self.below(of.len())]
    }
}

const METHODS: [&[u8]; 10] =
    [b"GET", b"POST", b"HEAD", b"PUT", b"OPTIONS", b"CONNECT", b"DELETE", b"TRACE", b"QUERY", b"m!"];

const TARGETS: [&[u8]; 12] = [
    b"/",
    b"/a?b=c",
    b"h:80",
    b"*",
    b"http://a/",
    b"http://a:1?q",
    b"https://[::1]:8/x",
    b"http://",
    b"/%zz\"<>",
    b"http://u@a/",
    b"h:",
    b"//",
];

const VERSIONS: [&[u8]; 8] =
    [b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.9", b"HTTP/2.0", b"http/1.1", b"HTTP/1.10"];

const STATUSES: [&[u8]; 14] = [
    b"200 OK",
    b"200 ",
    b"204 No",
    b"304 x",
    b"100 Continue",
    b"103 ",
    b"101 Up",
    b"404 \xffz\t ",
    b"205 R",
    b"500",
    b"600 ",
    b"099 ",
    b"20 ",
    b"1000 ",
];

const FIELDS: [&[u8]; 35] = [
    b"A: b",
    b"x:\t y \t",
    b"Connection: keep-alive",
    b"Connection: ,, z",
    b"Upgrade: x/1, y",
    b"v: \x80\xff",
    b"Expect: 100-continue",
    b"E:",
    b"Connection: upgrade, x",
    b"Connection: ,Close ,",
    b"Host: a",
    b"Content-Length: 3",
    b"Transfer-Encoding: chunked",
    b"Content-Length: 0",
    b"Content-Length: 003",
    b"Content-Length: 3, 3",
    b"Content-Length: +3",
    b"content-length:18446744073709551616",
    b"Content-Length:",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: chunked, gzip",
    b"Transfer-Encoding: ,, CHUNKED ,",
    b"Transfer-Encoding: chunked;a=b",
    b"Transfer-Encoding: g ;a=\"x, chunked\", chunked",
    b"Transfer-Encoding:",
    b"Transfer-Encoding: \"chunked",
    b"Host: a:1",
    b"Host: [::1]",
    b"Host:",
    b"Host: a,b",
    b"X-\xc3: v",
    b"fold: a\r\n b",
    b"fold: \r\n\t \r\n c ",
    b"b : c",
    b"no colon",
];

const EXTENSIONS: [&[u8]; 12] =
    [b"", b"", b";a", b";a=b", b" ; a = \"q\\\" ;\"", b";a=\"\"", b"\t;\ta", b";", b";a=", b" ", b";a b", b";a=\"\r\n"];

const SIZES: [&[u8]; 10] =
    [b"1", b"3", b"0a", b"10", b"F", b"0000000000000003", b"", b"g", b"00000000000000003", b"0x3"];

const LINE_ENDS: [&[u8]; 6] = [b"\n", b"\r", b"\r\r\n", b"\r\n\n", b" \r\n", b""];

/// Octets that mean something somewhere.
const HOSTILE: [&[u8]; 24] = [
    b"\r",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b":",
    b";",
    b"=",
    b"\"",
    b"\\",
    b",",
    b"\0",
    b"\x7f",
    b"\x80",
    b"0",
    b"1",
    b"a",
    b"G",
    b"/",
    b"#",
    b"\r\n ",
    b"\r\n\r\n",
    b"0\r\n\r\n",
    b"@",
];

/// Whom the input is for, and with which bounds: the defaults, or small ones.
pub fn setup(choices: &mut Choices<'_>) -> Setup {
    let role = if choices.once_in(2) { Role::Client } else { Role::Server };
    let requests: Vec<_> = match role {
        Role::Server => Vec::new(),
        Role::Client => (0..(choices.below(8) + 3) % 8).map(|_| request_of(choices)).collect(),
    };
    let setup = Setup::of(role, &requests);
    if choices.once_in(2) {
        let mut config = Config::clone(&setup.config);
        small_limits(choices, &mut config.limits);
        return Setup { config: Arc::new(config), ..setup };
    }
    setup
}

fn request_of(choices: &mut Choices<'_>) -> Outstanding {
    let method = choices.usually(2, &[b"GET", b"HEAD", b"CONNECT", b"POST"]);
    Outstanding { method: method.to_vec(), upgrade: method != b"CONNECT" && choices.once_in(3) }
}

fn small_limits(choices: &mut Choices<'_>, limits: &mut Limits) {
    let mut small = |most: usize, usual: u32| {
        if choices.once_in(3) { 1 + choices.below(most) as u32 } else { usual }
    };
    let mut octets = |most: usize, bound: &mut u16| *bound = small(most, (*bound).into()) as u16;
    octets(6, &mut limits.method);
    octets(12, &mut limits.target);
    octets(30, &mut limits.field_line);
    octets(120, &mut limits.head);
    octets(4, &mut limits.fields);
    octets(8, &mut limits.chunk_extension_line);
    octets(40, &mut limits.trailers);
    octets(2, &mut limits.trailer_fields);
    limits.chunk_extensions = small(12, limits.chunk_extensions);
    limits.empty_lines = small(4, limits.empty_lines.into()) as u8;
    limits.interim = small(2, limits.interim.into()) as u8;
}

/// A few messages for `role`, then perhaps something wrong with them.
pub fn input(choices: &mut Choices<'_>, role: Role) -> Vec<u8> {
    let mut octets = Vec::new();
    for _ in 0..=choices.below(3) {
        for _ in 0..choices.below(12).saturating_sub(8) {
            octets.extend_from_slice(b"\r\n");
        }
        message(choices, role, &mut octets);
    }
    for _ in 0..choices.below(8).saturating_sub(5) {
        mutate(choices, &mut octets);
    }
    octets
}

fn message(choices: &mut Choices<'_>, role: Role, octets: &mut Vec<u8>) {
    match role {
        Role::Server => {
            octets.extend_from_slice(choices.usually(4, &METHODS));
            octets.push(b' ');
            octets.extend_from_slice(choices.usually(2, &TARGETS));
            octets.push(b' ');
            octets.extend_from_slice(choices.usually(4, &VERSIONS));
        }
        Role::Client => {
            octets.extend_from_slice(choices.usually(4, &VERSIONS));
            octets.push(b' ');
            octets.extend_from_slice(choices.usually(8, &STATUSES));
        }
    }
    line_end(choices, octets);
    if role == Role::Server && !choices.once_in(16) {
        octets.extend_from_slice(b"Host: a\r\n");
    }
    for _ in 0..choices.below(4) {
        octets.extend_from_slice(choices.usually(9, &FIELDS));
        line_end(choices, octets);
    }
    match choices.below(8) {
        0 | 1 => line_end(choices, octets),
        2 | 3 => {
            octets.extend_from_slice(b"Content-Length: 3\r\n\r\nab");
            octets.push(b'c');
        }
        4..=6 => {
            octets.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            chunked(choices, octets);
        }
        _ => {
            line_end(choices, octets);
            chunked(choices, octets);
        }
    }
}

fn chunked(choices: &mut Choices<'_>, octets: &mut Vec<u8>) {
    for _ in 0..choices.below(4) {
        let size = choices.usually(6, &SIZES);
        octets.extend_from_slice(size);
        octets.extend_from_slice(choices.usually(7, &EXTENSIONS));
        line_end(choices, octets);
        let length = std::str::from_utf8(size).ok().and_then(|size| usize::from_str_radix(size, 16).ok()).unwrap_or(3);
        octets.extend_from_slice(&b"0\r\n\r\nGET / HTTP/"[..length.min(16)]);
        line_end(choices, octets);
    }
    octets.extend_from_slice(choices.one(&[&b"0"[..], b"0", b"0", b"000", b"0;x", b"0;a=\"b\" "]));
    line_end(choices, octets);
    for _ in 0..choices.below(4).saturating_sub(1) {
        octets.extend_from_slice(choices.usually(9, &FIELDS));
        line_end(choices, octets);
    }
    line_end(choices, octets);
}

fn line_end(choices: &mut Choices<'_>, octets: &mut Vec<u8>) {
    let end = if choices.once_in(40) { LINE_ENDS[choices.below(LINE_ENDS.len())] } else { b"\r\n" };
    octets.extend_from_slice(end);
}

fn mutate(choices: &mut Choices<'_>, octets: &mut Vec<u8>) {
    let position =
        |choices: &mut Choices<'_>, octets: &[u8]| (choices.below(256) * 256 + choices.below(256)) % (octets.len() + 1);
    let at = position(choices, octets);
    match choices.below(5) {
        0 => {
            let hostile = choices.one(&HOSTILE);
            octets.splice(at..at, hostile.iter().copied());
        }
        1 => {
            let octet = choices.below(256) as u8;
            if let Some(place) = octets.get_mut(at) {
                *place = octet;
            }
        }
        2 => {
            let end = (at + 1 + choices.below(8)).min(octets.len());
            octets.drain(at..end);
        }
        3 => {
            let end = (at + choices.below(40)).min(octets.len());
            let (copy, to) = (octets[at..end].to_vec(), position(choices, octets));
            octets.splice(to..to, copy);
        }
        _ => octets.truncate(at),
    }
}
