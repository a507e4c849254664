//! [`StartLine`]: what a request line or a status line says, whoever has read it.

use super::{MethodKind, TargetForm, Version};

/// A start line: spans of its block, and what it says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StartLine {
    /// Request: the end of the method. Response: of the status.
    pub(crate) first_end: u16,
    /// Request: the end of the target. Response: of the reason.
    pub(crate) second_end: u16,
    pub(crate) status: u16,
    pub(crate) version: Version,
    pub(crate) method: MethodKind,
    pub(crate) form: TargetForm,
}

impl StartLine {
    pub(crate) const NONE: Self = StartLine {
        first_end: 0,
        second_end: 0,
        status: 0,
        version: Version::HTTP_11,
        method: MethodKind::Other,
        form: TargetForm::Origin,
    };
}
