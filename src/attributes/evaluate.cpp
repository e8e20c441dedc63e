#include "attributes/evaluate.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "attributes/scan.hpp"
#include "attributes/terms.hpp"

namespace nearfile::attributes {
namespace {

using Kind = Expression::Kind;
using Node = Expression::Node;

// A node, or what it does not say.
struct Part {
    const Node* node;
    bool negated;
};

// What is combined by one word, `all` for and: comparisons, and parts in which it is the other word.
struct Group {
    bool all = true;
    std::vector<Term> terms;
    std::vector<Part> others;
};

class Evaluator {
public:
    explicit Evaluator(const Columns& columns) : columns_(columns) {}
    base::Result<Bitmap> evaluate(Part part, std::size_t alternations);

private:
    base::Result<Group> group_of(Part root);

    const Columns& columns_;
    std::size_t parts_ = 0;
};

base::Error too_much(const std::string& what) {
    return {base::Failure::invalid_argument, "an expression may " + what};
}

// By De Morgan's laws negations go down to the comparisons, and stand there.
base::Result<Group> Evaluator::group_of(Part root) {
    while (root.node->kind == Kind::negation) root = {root.node->parts.at(0).get(), !root.negated};
    const auto is_all = [](const Part& part) { return (part.node->kind == Kind::both) != part.negated; };
    Group group;
    group.all = is_all(root);
    std::vector<Part> left = {root};
    while (!left.empty()) {
        const Part part = left.back();
        left.pop_back();
        if (++parts_ > max_parts) {
            return too_much("have " + std::to_string(max_parts) + " parts; got more: ask for many values by isin");
        }
        const Node& node = *part.node;
        if (node.kind == Kind::negation) {
            left.push_back({node.parts.at(0).get(), !part.negated});
        } else if (node.kind == Kind::both || node.kind == Kind::either) {
            if (is_all(part) != group.all) {
                group.others.push_back(part);
                continue;
            }
            for (const auto& each : node.parts) left.push_back({each.get(), part.negated});
        } else {
            auto term = term_of(columns_, node);
            if (!term.ok()) return term.error();
            term.value().negated = term.value().negated != part.negated;
            group.terms.push_back(std::move(term.value()));
        }
    }
    return group;
}

// Comparisons of one column as one, so that price >= 10 and price < 20, or a long row of equalities, is one look at it.
// Of negated ones the contrary is: not a and not b is not (a or b). A list has several values, of which one may be in a
// and another in b.
bool may_join(const Term& a, const Term& b, bool all) {
    const bool lists = a.column->info.type == ColumnType::strings;
    return a.column == b.column && a.negated == b.negated && !a.asks_missing && !b.asks_missing &&
           (!lists || all == a.negated);
}

std::vector<Term> joined(std::vector<Term> terms, bool all) {
    std::stable_sort(terms.begin(), terms.end(), [](const Term& a, const Term& b) {
        return std::tuple(a.column, a.negated, a.asks_missing) < std::tuple(b.column, b.negated, b.asks_missing);
    });
    std::vector<Term> made;
    for (std::size_t first = 0; first < terms.size();) {
        Term& term = made.emplace_back(std::move(terms[first++]));
        const bool intersect = all != term.negated;
        for (; first < terms.size() && may_join(term, terms[first], all); ++first) {
            const Term& more = terms[first];
            if (intersect) {
                term.floats = intersection(term.floats, more.floats);
                term.integers = intersection(term.integers, more.integers);
            } else {
                term.floats.insert(term.floats.end(), more.floats.begin(), more.floats.end());
                term.integers.insert(term.integers.end(), more.integers.begin(), more.integers.end());
            }
        }
        if (intersect) continue;
        term.floats = united(std::move(term.floats));
        term.integers = united(std::move(term.integers));
    }
    return made;
}

void combine(Bitmap& items, const Bitmap& more, bool all) noexcept {
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = all ? items[i] & more[i] : items[i] | more[i];
}

base::Result<Bitmap> Evaluator::evaluate(Part part, std::size_t alternations) {
    if (alternations > max_alternations) {
        return too_much("alternate between 'and' and 'or' " + std::to_string(max_alternations) +
                        " times; got one that is nested deeper: combine what its parts allow");
    }
    auto group = group_of(part);
    if (!group.ok()) return group.error();
    const bool all = group.value().all;
    Bitmap items;
    const auto take = [&](Bitmap more) {
        if (items.empty()) {
            items = std::move(more);
        } else {
            combine(items, more, all);
        }
    };
    for (const Term& term : joined(std::move(group.value().terms), all)) {
        Bitmap more(words_of(columns_.count()));
        scan(term, more);
        take(std::move(more));
    }
    for (const Part& other : group.value().others) {
        auto more = evaluate(other, alternations + 1);
        if (!more.ok()) return more;
        take(std::move(more.value()));
    }
    return items;
}

}  // namespace

base::Result<Bitmap> evaluate(const Columns& columns, const Expression::Node& node) {
    return Evaluator(columns).evaluate({&node, false}, 0);
}

}  // namespace nearfile::attributes
