//! Tests of the whole platform through its public faces: the program `orders`, HTTP, and the
//! stream. They live in `tests/it`; this library is empty so that nothing can depend on them.
