//! What each channel sends, to the letter, and what it makes of each answer.
