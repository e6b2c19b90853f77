//! The order of operations that refer to each other: Tarjan's algorithm, without recursion.

use super::{Operation, Step};

/// The steps of these operations; `references` has, for each, the positions of those that it refers to.
pub(super) fn steps(operations: Vec<Operation>, references: &[Vec<usize>]) -> Vec<Step> {
    let mut operations: Vec<_> = operations.into_iter().map(Some).collect();
    let mut take = |position: usize| operations.get_mut(position).and_then(Option::take);
    let mut steps = Vec::new();
    for circle in circles(references) {
        if let [position] = *circle
            && !references.get(position).is_some_and(|references| references.contains(&position))
        {
            steps.extend(take(position).map(Step::One));
        } else {
            steps.push(Step::Together(circle.into_iter().filter_map(&mut take).collect()));
        }
    }
    steps
}

/// The strongly connected components of a graph, each in ascending order; one comes after all those that it refers to,
/// and otherwise in the order of its first node.
fn circles(references: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut search = Search { marks: vec![Mark::Unseen; references.len()], ..Search::default() };
    for start in 0..references.len() {
        if search.marks.get(start) == Some(&Mark::Unseen) {
            search.enter(start);
            while let Some(Visit { node, next }) = search.path.last_mut() {
                let (node, reference) = (*node, references.get(*node).and_then(|all| all.get(*next)));
                *next += 1;
                match reference {
                    Some(&reference) => search.follow(reference),
                    None => search.leave(node),
                }
            }
        }
    }
    search.circles
}

/// A search in depth.
#[derive(Default)]
struct Search {
    marks: Vec<Mark>,
    /// From where the search began to where it is.
    path: Vec<Visit>,
    /// Nodes whose circle is not complete, in the order in which they were entered.
    open: Vec<usize>,
    entered: usize,
    circles: Vec<Vec<usize>>,
}

/// What is known of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Unseen,
    /// When it was entered, and the earliest open node that is reached from it.
    Open {
        entered: usize,
        reaches: usize,
    },
    Done,
}

/// A node on the path, and which of its references is to be followed next.
struct Visit {
    node: usize,
    next: usize,
}

impl Search {
    fn enter(&mut self, node: usize) {
        self.mark(node, Mark::Open { entered: self.entered, reaches: self.entered });
        self.entered += 1;
        self.open.push(node);
        self.path.push(Visit { node, next: 0 });
    }

    fn follow(&mut self, node: usize) {
        match self.marks.get(node) {
            Some(Mark::Unseen) => self.enter(node),
            Some(&Mark::Open { entered, .. }) => self.here_reaches(entered),
            Some(Mark::Done) | None => {}
        }
    }

    fn leave(&mut self, node: usize) {
        self.path.pop();
        let Some(&Mark::Open { entered, reaches }) = self.marks.get(node) else { return };
        self.here_reaches(reaches);
        if reaches == entered {
            let first = self.open.iter().rposition(|open| *open == node).unwrap_or_default();
            let mut circle = self.open.split_off(first);
            circle.sort_unstable();
            for node in &circle {
                self.mark(*node, Mark::Done);
            }
            self.circles.push(circle);
        }
    }

    fn here_reaches(&mut self, earlier: usize) {
        let here = self.path.last().and_then(|visit| self.marks.get_mut(visit.node));
        if let Some(Mark::Open { reaches, .. }) = here {
            *reaches = earlier.min(*reaches);
        }
    }

    fn mark(&mut self, node: usize, mark: Mark) {
        if let Some(place) = self.marks.get_mut(node) {
            *place = mark;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_references_nothing_moves() {
        assert_eq!(circles(&[vec![], vec![], vec![]]), [[0], [1], [2]]);
        assert_eq!(circles(&[vec![], vec![0], vec![0, 1]]), [[0], [1], [2]]);
    }

    #[test]
    fn what_is_referred_to_is_drawn_forward() {
        assert_eq!(circles(&[vec![3], vec![], vec![1], vec![2]]), [[1], [2], [3], [0]]);
    }

    #[test]
    fn circles_stay_together() {
        assert_eq!(circles(&[vec![2], vec![], vec![3], vec![0]]), [vec![0, 2, 3], vec![1]]);
        assert_eq!(circles(&[vec![1], vec![1, 2], vec![]]), [[2], [1], [0]]);
    }

    #[test]
    fn a_long_chain_and_a_long_circle_fit_on_any_stack() {
        let length = 100_000;
        let chain: Vec<_> = (0..length)
            .map(|node| vec![node + 1].into_iter().filter(|next| *next < length).collect())
            .collect();
        assert_eq!(circles(&chain).len(), length);
        let circle: Vec<_> = (0..length).map(|node| vec![(node + 1) % length]).collect();
        assert_eq!(circles(&circle).len(), 1);
    }

    fn graph() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1..12_usize)
            .prop_flat_map(|size| proptest::collection::vec(proptest::collection::vec(0..size, 0..4), size))
    }

    /// Whether one node leads to another, by any way.
    fn leads(graph: &[Vec<usize>], from: usize, to: usize) -> bool {
        let mut seen = vec![false; graph.len()];
        let mut next = graph[from].clone();
        while let Some(node) = next.pop() {
            if !std::mem::replace(&mut seen[node], true) {
                next.extend(&graph[node]);
            }
        }
        seen[to]
    }

    proptest! {
        #[test]
        fn every_operation_is_there_once_after_what_it_refers_to_or_together_with_it(graph in graph()) {
            let circles = circles(&graph);
            let mut all: Vec<_> = circles.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..graph.len()).collect::<Vec<_>>());
            let place = |node: usize| circles.iter().position(|circle| circle.contains(&node)).unwrap();
            for (node, references) in graph.iter().enumerate() {
                for reference in references {
                    prop_assert!(place(*reference) <= place(node));
                    let is_circle = leads(&graph, *reference, node);
                    prop_assert_eq!(place(*reference) == place(node), is_circle || *reference == node);
                }
            }
        }
    }
}
