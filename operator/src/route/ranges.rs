//! The addresses that two lists of ranges have in common.

use ipnet::IpNet;

/// No request comes from this address (RFC 1122, section 3.2.1.3): an empty list would let everybody in.
const NOBODY: &str = "0.0.0.0/32";

/// The ranges of which all addresses are in both lists, of which one that is empty means every address. They are in
/// order, and neighbours are one. Two CIDR ranges are apart, or one holds the other.
pub(super) fn common(class: &[IpNet], tenant: &[IpNet]) -> Vec<IpNet> {
    if class.is_empty() || tenant.is_empty() {
        return IpNet::aggregate(&[class, tenant].concat());
    }
    let pairs = class.iter().flat_map(|ours| tenant.iter().map(move |theirs| (ours, theirs)));
    let narrower = |(ours, theirs): (&IpNet, &IpNet)| {
        if ours.contains(theirs) { Some(*theirs) } else { theirs.contains(ours).then_some(*ours) }
    };
    let both: Vec<IpNet> = pairs.filter_map(narrower).collect();
    if both.is_empty() { NOBODY.parse().into_iter().collect() } else { IpNet::aggregate(&both) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_both(class: &[&str], tenant: &[&str]) -> String {
        let read =
            |ranges: &[&str]| ranges.iter().map(|range| range.parse().unwrap()).collect::<Vec<IpNet>>();
        let common = common(&read(class), &read(tenant));
        common.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn a_list_that_is_empty_takes_nothing_away() {
        assert_eq!(of_both(&[], &[]), "");
        assert_eq!(of_both(&["203.0.113.0/24"], &[]), "203.0.113.0/24");
        assert_eq!(of_both(&[], &["2001:db8::/32"]), "2001:db8::/32");
    }

    #[test]
    fn of_two_nested_ranges_the_inner_one_is_common_to_both() {
        for (class, tenant) in [("203.0.113.0/24", "203.0.113.16/28"), ("203.0.113.16/28", "203.0.113.0/24")]
        {
            assert_eq!(of_both(&[class], &[tenant]), "203.0.113.16/28");
        }
        assert_eq!(
            of_both(
                &["203.0.113.0/24", "2001:db8::/32"],
                &["203.0.113.7/32", "198.51.100.0/24", "2001:db8:1::/48"]
            ),
            "203.0.113.7/32,2001:db8:1::/48"
        );
    }

    #[test]
    fn lists_with_nothing_in_common_let_nobody_in() {
        assert_eq!(of_both(&["203.0.113.0/24"], &["198.51.100.0/24"]), "0.0.0.0/32");
        assert_eq!(of_both(&["203.0.113.0/24"], &["::/0"]), "0.0.0.0/32");
    }

    #[test]
    fn the_order_in_which_ranges_are_written_is_of_no_matter() {
        assert_eq!(
            of_both(&["203.0.113.128/25", "198.51.100.0/24", "203.0.113.0/25"], &[]),
            "198.51.100.0/24,203.0.113.0/24"
        );
    }
}
