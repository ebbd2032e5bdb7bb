//! Every feature once, by hand.
