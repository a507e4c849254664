//! Comparisons with peers, as a table of ratios. See the README.

mod candidate;
mod cases;
mod heads;
mod measure;
mod mixed;

fn main() {
    for mut case in cases::parse() {
        let f = measure::time(&mut case, 100);
        println!(
            "{:<16} ours {:8.1} ns {:5.2} GB/s  peer {:8.1} ns {:5.2} GB/s   p10 {:.3} median {:.3}",
            case.name,
            f.ours,
            case.octets / f.ours,
            f.theirs,
            case.octets / f.theirs,
            f.ratio_p10,
            f.ratio_median
        );
    }
}
