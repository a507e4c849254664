//! The head that goes out by itself.

use crate::side::Side;
use http_proto::{BodyLength, Connection, FieldBlock, ResponseHead, SendBuf, SendError};

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

/// What sending content does before a head is out.
#[derive(Debug, Default)]
pub enum Auto {
    /// It sends the head of all defaults.
    #[default]
    Default,
    /// It sends this one.
    Set(Box<AutoHead>),
    /// It is an error.
    Off,
}

impl Auto {
    /// Whether sending content before a head is an error.
    pub fn is_off(&self) -> bool {
        matches!(self, Auto::Off)
    }

    /// Sends the head that is due before content, and returns the length that it has announced; `never` before one that
    /// announces none.
    ///
    /// # Errors
    /// The head cannot be sent.
    pub fn begin<R: Side>(
        &self,
        core: &mut Connection<R>,
        out: &mut SendBuf,
        date: Option<&[u8; 29]>,
        never: Option<SendError>,
    ) -> Result<BodyLength, SendError> {
        let default;
        let head = match self {
            Auto::Set(head) => head,
            Auto::Default | Auto::Off => {
                default = AutoHead::default();
                &default
            }
        };
        if let (BodyLength::Empty, Some(error)) = (head.body, never) {
            return Err(error);
        }
        R::auto_head(core, &ResponseHead::new(head.status).block(&head.fields), head.body, date, out)?;
        Ok(head.body)
    }
}
