//! Addresses, notes and tags.

use serde::{Deserialize, Serialize};

use crate::order::Visibility;
use crate::{Address, NoteText, Tag};

/// The order goes to another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShippingAddressChanged {
    /// The address.
    pub address: Box<Address>,
}

/// The bill goes to another address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingAddressChanged {
    /// The address.
    pub address: Box<Address>,
}

/// A note was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoteAdded {
    /// What it says.
    pub text: NoteText,
    /// Who may see it.
    pub visibility: Visibility,
}

/// A tag was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderTagged {
    /// The tag.
    pub tag: Tag,
}

/// A tag was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderUntagged {
    /// The tag.
    pub tag: Tag,
}
