//! The last octets of what comes in pieces.

/// Keeps in `tail` the last octets of what has come so far.
pub(crate) fn keep_last<const N: usize>(tail: &mut [u8; N], octets: &[u8]) {
    if let Some(last) = octets.last_chunk() {
        *tail = *last;
    } else {
        tail.rotate_left(octets.len());
        tail[N - octets.len()..].copy_from_slice(octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_pieces_have_the_same_end() {
        let octets = b"0123456789";
        for first in 0..=octets.len() {
            for second in first..=octets.len() {
                let mut tail = [0; 4];
                for piece in [&octets[..first], &octets[first..second], &octets[second..]] {
                    keep_last(&mut tail, piece);
                }
                assert_eq!(&tail, b"6789", "{first}, {second}");
            }
        }
    }
}
