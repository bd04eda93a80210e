//! TEXT → OBJECTS: YAML with source spans and diagnostics.
