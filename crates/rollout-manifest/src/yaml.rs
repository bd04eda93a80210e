//! YAML text to parser events: the only file that names a YAML crate.
//!
//! The parser is libyaml, the one behind `serde_yaml`. kubectl reads with go-yaml v2, a port of the same
//! library, so both agree on what a text is and, after [`Problem::text`], on what is wrong with it.

/// A place in the text given to [`Events`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Mark {
    /// Byte offset.
    pub byte: usize,
    /// Line, from 0.
    pub line: usize,
    /// Column in characters, from 0.
    pub column: usize,
}

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// `'…'`
    Single,
    /// `"…"`
    Double,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// What the parser saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Beginning of the stream or of a document.
    Start,
    /// End of a document.
    DocumentEnd,
    /// End of the stream.
    StreamEnd,
    /// `*name`
    Alias(String),
    /// A scalar.
    Scalar {
        /// `&name`
        anchor: Option<String>,
        /// Its tag, resolved (`tag:yaml.org,2002:str`).
        tag: Option<String>,
        /// The text. libyaml has checked that it is UTF-8.
        value: String,
        /// How it was written.
        style: Style,
        /// A plain scalar without a tag: its type follows from its text.
        implicit: bool,
    },
    /// A list begins.
    List {
        /// `&name`
        anchor: Option<String>,
        /// Its tag.
        tag: Option<String>,
        /// Written in `[]`.
        flow: bool,
    },
    /// A list ends.
    ListEnd,
    /// A map begins.
    Map {
        /// `&name`
        anchor: Option<String>,
        /// Its tag.
        tag: Option<String>,
        /// Written in `{}`.
        flow: bool,
    },
    /// A map ends.
    MapEnd,
}

/// An event with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// Where it begins.
    pub start: Mark,
    /// Where it ends.
    pub end: Mark,
}

/// Why the text is no YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The parser's words.
    pub message: String,
    /// Where it was noticed.
    pub at: Mark,
    /// Where the construct in question began.
    pub context: Mark,
    /// Found while making tokens, not while putting tokens together.
    pub scanner: bool,
}

impl Problem {
    /// As go-yaml v2 says it, `line 8: did not find expected key`: the line is one too small unless the scanner found
    /// the problem, and left out on the first line.
    pub fn text(&self) -> String {
        // go-yaml's own spelling.
        let message = self.message.replace("hexadecimal", "hexdecimal");
        let line = match (self.at.line, self.context.line) {
            (0, context) => context,
            (line, _) => line + usize::from(self.scanner),
        };
        if line == 0 {
            message
        } else {
            format!("line {line}: {message}")
        }
    }
}

pub use sys::Events;

#[expect(
    unsafe_code,
    reason = "libyaml's interface is C-shaped: an initialised struct, pointers in events"
)]
mod sys {
    use super::{Event, EventKind, Mark, Problem, Style};
    use libyaml_rs as lib;
    use std::ffi::{CStr, c_char};
    use std::marker::PhantomData;
    use std::mem::MaybeUninit;

    /// The events of one stream.
    pub struct Events<'a> {
        // On the heap, because the parser holds pointers into itself.
        parser: Box<MaybeUninit<lib::yaml_parser_t>>,
        over: bool,
        text: PhantomData<&'a str>,
    }

    impl<'a> Events<'a> {
        /// Reads `text`, which must not begin with a byte order mark.
        pub fn new(text: &'a str) -> Self {
            let mut parser = Box::new(MaybeUninit::uninit());
            let p = parser.as_mut_ptr();
            // SAFETY: initialise makes the struct valid whatever it held (it fails only without memory, where Rust's
            // allocator aborts); the text outlives the parser by the lifetime.
            unsafe {
                let ok = lib::yaml_parser_initialize(p).ok;
                debug_assert!(ok);
                lib::yaml_parser_set_encoding(p, lib::YAML_UTF8_ENCODING);
                lib::yaml_parser_set_input_string(p, text.as_ptr(), text.len() as u64);
            }
            Self {
                parser,
                over: false,
                text: PhantomData,
            }
        }

        /// The next event. After an error or the end of the stream there is none.
        pub fn next_event(&mut self) -> Option<Result<Event, Problem>> {
            if self.over {
                return None;
            }
            let p = self.parser.as_mut_ptr();
            let mut event = MaybeUninit::<lib::yaml_event_t>::uninit();
            // SAFETY: the parser was initialised in `new`; `parse` fills the event on success, and it is deleted once,
            // after its contents were copied.
            let out = unsafe {
                if lib::yaml_parser_parse(p, event.as_mut_ptr()).ok {
                    let out = convert(event.assume_init_ref());
                    lib::yaml_event_delete(event.as_mut_ptr());
                    Ok(out)
                } else {
                    let p = &**p.cast_const().as_ref().expect("a box is not null");
                    Err(Problem {
                        message: text_at(p.problem)
                            .unwrap_or_else(|| "unknown problem parsing YAML content".to_owned()),
                        at: mark(p.problem_mark),
                        context: mark(p.context_mark),
                        scanner: p.error == lib::YAML_SCANNER_ERROR,
                    })
                }
            };
            self.over = !matches!(&out, Ok(Event { kind, .. }) if *kind != EventKind::StreamEnd);
            Some(out)
        }
    }

    impl Drop for Events<'_> {
        fn drop(&mut self) {
            // SAFETY: initialised in `new`, deleted only here.
            unsafe { lib::yaml_parser_delete(self.parser.as_mut_ptr()) }
        }
    }

    fn mark(m: lib::yaml_mark_t) -> Mark {
        let n = |v: u64| usize::try_from(v).unwrap_or(usize::MAX);
        Mark {
            byte: n(m.index),
            line: n(m.line),
            column: n(m.column),
        }
    }

    /// # Safety
    /// Null or the beginning of a C string.
    unsafe fn text_at(p: *const c_char) -> Option<String> {
        // SAFETY: by contract.
        (!p.is_null()).then(|| unsafe { CStr::from_ptr(p) }.to_string_lossy().into_owned())
    }

    /// # Safety
    /// A filled event of libyaml, not yet deleted.
    unsafe fn convert(e: &lib::yaml_event_t) -> Event {
        // SAFETY: the union's field is the one the type names; its strings are null or end with a zero byte, and a
        // scalar's value has `length` bytes.
        let kind = unsafe {
            match e.type_ {
                lib::YAML_DOCUMENT_END_EVENT => EventKind::DocumentEnd,
                lib::YAML_STREAM_END_EVENT => EventKind::StreamEnd,
                lib::YAML_ALIAS_EVENT => {
                    EventKind::Alias(text_at(e.data.alias.anchor.cast()).unwrap_or_default())
                }
                lib::YAML_SCALAR_EVENT => {
                    let s = &e.data.scalar;
                    let bytes =
                        std::slice::from_raw_parts(s.value, usize::try_from(s.length).unwrap_or(0));
                    EventKind::Scalar {
                        anchor: text_at(s.anchor.cast()),
                        tag: text_at(s.tag.cast()),
                        value: String::from_utf8_lossy(bytes).into_owned(),
                        style: match s.style {
                            lib::YAML_SINGLE_QUOTED_SCALAR_STYLE => Style::Single,
                            lib::YAML_DOUBLE_QUOTED_SCALAR_STYLE => Style::Double,
                            lib::YAML_LITERAL_SCALAR_STYLE => Style::Literal,
                            lib::YAML_FOLDED_SCALAR_STYLE => Style::Folded,
                            _ => Style::Plain,
                        },
                        implicit: s.plain_implicit,
                    }
                }
                lib::YAML_SEQUENCE_START_EVENT => {
                    let s = &e.data.sequence_start;
                    EventKind::List {
                        anchor: text_at(s.anchor.cast()),
                        tag: text_at(s.tag.cast()),
                        flow: s.style == lib::YAML_FLOW_SEQUENCE_STYLE,
                    }
                }
                lib::YAML_SEQUENCE_END_EVENT => EventKind::ListEnd,
                lib::YAML_MAPPING_START_EVENT => {
                    let s = &e.data.mapping_start;
                    EventKind::Map {
                        anchor: text_at(s.anchor.cast()),
                        tag: text_at(s.tag.cast()),
                        flow: s.style == lib::YAML_FLOW_MAPPING_STYLE,
                    }
                }
                lib::YAML_MAPPING_END_EVENT => EventKind::MapEnd,
                _ => EventKind::Start,
            }
        };
        Event {
            kind,
            start: mark(e.start_mark),
            end: mark(e.end_mark),
        }
    }
}
