//! The head that goes out by itself.

use http_proto::{BodyLength, FieldBlock};

/// The head that goes out by itself with the first content of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AutoHead {
    /// The status. Default: 200.
    pub status: u16,
    /// The fields. Default: none.
    pub fields: FieldBlock,
    /// The length of the content. Default: [`BodyLength::Unknown`].
    pub body: BodyLength,
}

impl Default for AutoHead {
    fn default() -> Self {
        AutoHead { status: 200, fields: FieldBlock::new(), body: BodyLength::Unknown }
    }
}

/// What [`Connection::send`] does before a head is out.
#[derive(Debug, Default)]
pub(super) enum Auto {
    /// It sends the head of all defaults.
    #[default]
    Default,
    /// It sends this one.
    Set(Box<AutoHead>),
    /// It is an error.
    Off,
}
