// Expressions as text that parse() makes the same expressions of.
#include <string>

#include "attributes/literals.hpp"
#include "nearfile/expression.hpp"

namespace nearfile {
namespace {

using Kind = Expression::Kind;
using Node = Expression::Node;

std::string_view sign_of(Comparison comparison) noexcept {
    switch (comparison) {
        case Comparison::equal:
            return " == ";
        case Comparison::not_equal:
            return " != ";
        case Comparison::less:
            return " < ";
        case Comparison::at_most:
            return " <= ";
        case Comparison::greater:
            return " > ";
        case Comparison::at_least:
            break;
    }
    return " >= ";
}

// How firmly each holds together what is in it.
int firmness(Kind kind) noexcept {
    return kind == Kind::either ? 0 : kind == Kind::both ? 1 : kind == Kind::negation ? 2 : 3;
}

class Writer {
public:
    void write(const Node& node) {
        switch (node.kind) {
            case Kind::compare:
                text_ += attributes::name_text(node.column) + std::string(sign_of(node.comparison));
                text_ += attributes::value_text(node.values.front());
                return;
            case Kind::is_in:
            case Kind::is_null:
            case Kind::contains:
                return write_infix(node, false);
            case Kind::both:
                return write_pair(node, " and ");
            case Kind::either:
                return write_pair(node, " or ");
            case Kind::negation:
                return write_negation(*node.parts.front());
        }
    }

    std::string text() && { return std::move(text_); }

private:
    // Pairs are read from the left, so one on the right that holds no more firmly needs brackets.
    void write_pair(const Node& node, std::string_view word) {
        write_part(*node.parts[0], firmness(node.kind));
        text_ += word;
        write_part(*node.parts[1], firmness(node.kind) + 1);
    }

    void write_negation(const Node& part) {
        if (part.kind == Kind::is_in || part.kind == Kind::is_null || part.kind == Kind::contains) {
            return write_infix(part, true);
        }
        text_ += "not ";
        write_part(part, firmness(Kind::negation));
    }

    void write_part(const Node& part, int least) {
        const bool brackets = firmness(part.kind) < least;
        if (brackets) text_ += '(';
        write(part);
        if (brackets) text_ += ')';
    }

    void write_infix(const Node& node, bool negated) {
        text_ += attributes::name_text(node.column);
        if (node.kind == Kind::is_null) {
            text_ += negated ? " is not null" : " is null";
            return;
        }
        if (negated) text_ += " not";
        if (node.kind == Kind::contains) {
            text_ += " contains " + attributes::value_text(node.values.front());
            return;
        }
        text_ += " in (";
        for (const AttributeValue& value : node.values) {
            if (&value != node.values.data()) text_ += ", ";
            text_ += attributes::value_text(value);
        }
        text_ += ')';
    }

    std::string text_;
};

}  // namespace

std::string Expression::text() const {
    Writer writer;
    writer.write(*node_);
    return std::move(writer).text();
}

}  // namespace nearfile
