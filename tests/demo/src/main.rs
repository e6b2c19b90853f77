//! make demo: the whole product on one machine, from apply to the first provisioned user.
fn main() {}
