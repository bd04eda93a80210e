//! WHAT THE SCREEN SHOWS: view models and explanations, already decided.
