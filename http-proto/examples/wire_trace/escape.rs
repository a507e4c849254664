//! Octets as text and back: printable US-ASCII as it is, `\r \n \t \\ \xHH` for the rest.

pub(crate) fn escape(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    for &c in octets {
        match c {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            b' '..=b'~' => text.push(c.into()),
            _ => text.push_str(&format!("\\x{c:02x}")),
        }
    }
    text
}

pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut octets = Vec::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let octet = match character {
            '\\' => match characters.next() {
                Some('r') => b'\r',
                Some('n') => b'\n',
                Some('t') => b'\t',
                Some('\\') => b'\\',
                Some('x') => {
                    let digits: String = characters.by_ref().take(2).collect();
                    u8::from_str_radix(&digits, 16).map_err(|_| format!("\\x{digits} is no escape"))?
                }
                other => return Err(format!("\\{} is no escape", other.unwrap_or(' '))),
            },
            _ => u8::try_from(character).map_err(|_| format!("{character} is not Latin-1"))?,
        };
        octets.push(octet);
    }
    Ok(octets)
}
