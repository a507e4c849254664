//! The core and the reference on whole connections: on octets as they are, and on messages that are mostly right.

use crate::differential::{agree, answers_are_right, error_is_certain_at_its_octet, httparse_agrees, same_in_pieces};
use crate::generate::{Choices, input, setup};

/// An octet that says how to read the rest: even, as octets that arrive, behind the choices of who receives them; odd,
/// as choices of messages and mutations.
pub fn differential(data: &[u8]) {
    let Some((&how, rest)) = data.split_first() else { return };
    let mut choices = Choices(rest);
    let setup = setup(&mut choices);
    let generated;
    let octets = if how & 1 == 0 {
        choices.0
    } else {
        generated = input(&mut choices, setup.role);
        &generated
    };
    let eof = how & 2 != 0;
    let outcome = agree(&setup, octets, eof);
    error_is_certain_at_its_octet(&setup, octets, &outcome);
    httparse_agrees(&setup, octets, &outcome);
    answers_are_right(&setup, octets, eof, &outcome);
    let size = usize::from(how >> 2 & 7) + 1;
    same_in_pieces(&setup, octets, eof, size, usize::from(how >> 2) * octets.len() / 64, &outcome);
}
