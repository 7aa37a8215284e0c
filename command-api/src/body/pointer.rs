//! Where in a body one is reading.

use std::fmt;

/// A place in a JSON value, as a chain of steps back to the root. Nothing is allocated unless it is
/// written out, so that reading a valid body costs nothing here.
#[derive(Clone, Copy)]
pub(crate) struct Pointer<'a> {
    before: Option<&'a Pointer<'a>>,
    step: Step<'a>,
}

/// One step of a pointer.
#[derive(Clone, Copy)]
pub(crate) enum Step<'a> {
    /// None: where every pointer begins.
    Root,
    /// To a member of an object.
    Member(&'a str),
    /// To an element of a list.
    Element(usize),
}

impl<'a> Pointer<'a> {
    /// The whole value.
    pub(crate) const ROOT: Pointer<'static> = Pointer {
        before: None,
        step: Step::Root,
    };

    /// The member `name` of the object at this place.
    pub(crate) fn member(&'a self, name: &'a str) -> Pointer<'a> {
        self.then(Step::Member(name))
    }

    /// The element `index` of the list at this place.
    pub(crate) fn element(&'a self, index: usize) -> Pointer<'a> {
        self.then(Step::Element(index))
    }

    /// The place that is one step from here.
    pub(crate) fn then(&'a self, step: Step<'a>) -> Pointer<'a> {
        Pointer {
            before: Some(self),
            step,
        }
    }
}

impl fmt::Display for Pointer<'_> {
    /// RFC 6901: `~` is written `~0`, `/` is written `~1`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Element(index) => write!(f, "/{index}"),
            Step::Member(name) => {
                write!(f, "/{}", name.replace('~', "~0").replace('/', "~1"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_is_the_empty_pointer() {
        assert_eq!(Pointer::ROOT.to_string(), "");
    }

    #[test]
    fn names_are_escaped_as_rfc_6901_says() {
        let lines = Pointer::ROOT.member("lines");
        let first = lines.element(0);
        assert_eq!(first.member("a/b~c").to_string(), "/lines/0/a~1b~0c");
    }
}
