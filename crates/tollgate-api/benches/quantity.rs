//! What it costs to read and print amounts: usual ones, and such as need a closer look or unbounded digits.

use divan::{Bencher, black_box};
use tollgate_api::Quantity;

fn main() {
    divan::main();
}

const TEXTS: [&str; 6] = [
    "100m",
    "256Mi",
    "1.5Gi",
    "1e3",
    "0.000001",
    "123456789012345678901234567890",
];

#[divan::bench(args = TEXTS)]
fn parse(bencher: Bencher<'_, '_>, text: &str) {
    bencher.bench_local(|| Quantity::parse(black_box(text)));
}

#[divan::bench(args = TEXTS)]
fn print(bencher: Bencher<'_, '_>, text: &str) {
    let Ok(mut quantity) = Quantity::parse(text) else {
        return;
    };
    // A sum forgets the text it was read from.
    quantity.add(&quantity.clone());
    bencher.bench_local(|| black_box(&quantity).to_string());
}
