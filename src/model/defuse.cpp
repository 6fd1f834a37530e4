#include "model/defuse.hpp"

#include "base/text.hpp"
#include "model/kept_links.hpp"
#include "model/plain_text.hpp"

#include <algorithm>

namespace groomer::model {
namespace {

constexpr std::size_t most_rounds = 16;
constexpr std::size_t longest_tag = 2000, longest_target = 1000;
constexpr std::string_view removed_link = "(link removed)";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n'; }
// Part of a word in any script.
bool is_word(char c) { return is_alnum(c) || static_cast<unsigned char>(c) >= 0x80; }

// What GitHub would look up as a commit.
bool is_commit(std::string_view word) {
    auto const hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    return word.size() >= 7 && word.size() <= 40 && std::all_of(word.begin(), word.end(), hex) &&
           std::any_of(word.begin(), word.end(), is_digit) && std::any_of(word.begin(), word.end(), is_letter);
}

// One pass over a text: takes apart whatever GitHub would make something of. Taking away can bring together what then means
// something ("ht<b>tps://"), so passes are repeated until one changes nothing.
class Pass {
public:
    Pass(std::string_view text, KeptLinks const& kept) : in_{text}, kept_{kept} {}

    std::string run() {
        while (at_ < in_.size()) {
            char const c = in_[at_];
            if (is_alnum(c)) word();
            else if (c == '@') mention();
            else if (c == '#') number();
            else if (c == '<') angle();
            else if (c == '>' && at_ == autolink_end_) ++at_;
            else if (c == '[') open_bracket();
            else if (c == ']') close_bracket();
            else if (c == '`' || c == '~') fence(c);
            else if (in_.substr(at_, 3) == "://") address();
            else take(1);
        }
        return std::move(out_);
    }

private:
    [[nodiscard]] char next(std::size_t ahead) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\n'; }
    [[nodiscard]] char last() const { return out_.empty() ? '\n' : out_.back(); }

    void take(std::size_t count) {
        out_ += in_.substr(at_, count);
        at_ += count;
    }

    // Something was taken away here: two words stay two.
    void part() {
        if (is_word(last()) && is_word(next(0))) out_ += ' ';
    }

    [[nodiscard]] std::size_t digits_at(std::size_t ahead) const {
        std::size_t count = 0;
        while (is_digit(next(ahead + count))) ++count;
        return count;
    }

    // Whether "#n" or "GH-n", whose digits stand `ahead`, is an issue of this repository that may be named. Behind a word or a path
    // it would be another's.
    [[nodiscard]] bool is_permitted(std::size_t ahead, std::size_t digits) const {
        bool const other = is_alnum(last()) || std::string_view{"/_-.#"}.find(last()) != std::string_view::npos;
        char const after = next(ahead + digits);
        return !other && !is_alnum(after) && after != '_' && kept_.has_issue(in_.substr(at_ + ahead, digits));
    }

    // Where a comment says "Duplicate of #n", GitHub marks the issue as one: that is for people to decide.
    void keep_from_marking() {
        constexpr std::string_view words = "duplicate of";
        auto const text = std::string_view{out_}.substr(0, out_.find_last_not_of(" \t\n") + 1);
        if (text.size() == out_.size() || text.size() < words.size()) return;
        if (to_lower(text.substr(text.size() - words.size())) == words) out_ += "issue ";
    }

    void keep_issue(std::size_t length) {
        keep_from_marking();
        take(length);
    }

    void word() {
        std::size_t length = 1;
        while (is_alnum(next(length))) ++length;
        auto const text = in_.substr(at_, length);
        auto const lower = to_lower(text.substr(0, 6));
        if (length == 3 && lower == "www" && next(3) == '.' && is_alnum(next(4))) return link("");
        if ((length == 6 && lower == "mailto") || (length == 4 && lower == "xmpp")) {
            if (next(length) == ':') at_ += length + 1;
            else take(length);
            return;
        }
        auto const digits = length == 2 && lower == "gh" && next(2) == '-' ? digits_at(3) : 0;
        if (digits > 0) {
            if (is_permitted(3, digits)) return keep_issue(3 + digits);
            take(2);
            out_ += ' ';
            ++at_;
            return;
        }
        // Six digits still tell which one is meant, and are too few for GitHub.
        out_ += is_commit(text) ? text.substr(0, 6) : text;
        at_ += length;
    }

    // No "@" stays outside a link that does: GitHub looks for names, teams and addresses of mail behind and around it.
    void mention() {
        while (next(0) == '@') ++at_;
        if (is_word(last()) && is_word(next(0))) out_ += " at ";
        else if (is_space(last()) && is_space(next(0))) out_ += "at";
    }

    void number() {
        std::size_t signs = 1;
        while (next(signs) == '#') ++signs;
        auto const digits = digits_at(signs);
        if (digits == 0) return take(signs);
        if (signs == 1 && is_permitted(1, digits)) return keep_issue(1 + digits);
        at_ += signs;
        part();
    }

    void angle() {
        if (in_.substr(at_, 4) == "<!--") {
            auto const end = in_.find("-->", at_ + 2);
            at_ = end == std::string_view::npos ? at_ + 4 : end + 3;
            return part();
        }
        char const first = next(1);
        if (!is_letter(first) && first != '/' && first != '!' && first != '?') return take(1);
        auto const inside = in_.substr(at_ + 1, longest_tag);
        auto const end = inside.find('>');
        if (end == std::string_view::npos) {
            take(1);
            out_ += ' ';
        } else if (is_autolink(inside.substr(0, end))) {
            autolink_end_ = at_ + 1 + end;
            ++at_;
        } else {
            at_ += end + 2;
            part();
        }
    }

    static bool is_autolink(std::string_view inside) {
        bool const whole = std::none_of(inside.begin(), inside.end(), [](char c) { return is_space(c) || c == '<'; });
        auto const sign = inside.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-_");
        return whole && sign != std::string_view::npos && sign > 0 && (inside[sign] == ':' || inside[sign] == '@');
    }

    void open_bracket() {
        open_.push_back(out_.size());
        take(1);
    }

    void close_bracket() {
        char const after = next(1);
        if (after == '[') {
            take(1);
            out_ += ' ';
        } else if (after == ':') {
            ++at_;
            erase_open_bracket();
        } else if (after == '(') {
            return target();
        } else {
            take(1);
        }
        if (!open_.empty()) open_.pop_back();
    }

    void erase_open_bracket() {
        if (open_.empty() || open_.back() >= out_.size()) return;
        auto const begin = open_.back();
        bool const image = begin > 0 && out_[begin - 1] == '!';
        out_.erase(begin - (image ? 1 : 0), image ? 2 : 1);
    }

    // "](where "title")": the words in brackets stay, and where they lead only if the issue leads there.
    void target() {
        at_ += 2;
        erase_open_bracket();
        if (!open_.empty()) open_.pop_back();
        auto const rest = in_.substr(at_, longest_target);
        std::size_t end = 0;
        for (int depth = 1; end < rest.size(); ++end) {
            if (rest[end] == '(') ++depth;
            if (rest[end] == ')' && --depth == 0) break;
            if (rest.substr(end, 2) == "\n\n") end = rest.size() - 1;
        }
        if (end == rest.size()) return part();
        auto where = rest.substr(0, end);
        where = where.substr(std::min(where.find_first_not_of(" \t\n<"), where.size()));
        where = where.substr(0, where.find_first_of(" \t\n>"));
        if (kept_.has(where)) (out_ += " (").append(where) += ")";
        at_ += end + 1;
        part();
    }

    // An open fence would swallow all that is put after the text.
    void fence(char c) {
        std::size_t length = 1;
        while (next(length) == c) ++length;
        if (length < 3) return take(length);
        at_ += length;
        auto const line = in_.substr(at_, in_.substr(at_).find('\n'));
        bool const has_word = std::all_of(line.begin(), line.end(), is_alnum);  // the language
        if (has_word && (out_.empty() || last() == '\n')) at_ += line.size();
        else part();
    }

    // At "://"; its scheme is written already.
    void address() {
        auto begin = out_.size();
        while (begin > 0 && (is_alnum(out_[begin - 1]) || std::string_view{"+.-"}.find(out_[begin - 1]) != std::string_view::npos)) --begin;
        auto const scheme = out_.substr(begin);
        out_.resize(begin);
        link(scheme);
    }

    void link(std::string const& scheme) {
        auto const length = std::max<std::size_t>(link_length(in_.substr(at_)), scheme.empty() ? 1 : 3);
        auto const rest = in_.substr(at_, length);
        at_ += length;
        if (rest == "://") {
            out_ += scheme + ":";
            return;
        }
        bool const known = scheme == "http" || scheme == "https" || (scheme.empty() && rest.front() == 'w');
        if (auto const whole = scheme + std::string{rest}; known && kept_.has(whole)) {
            keep_from_marking();
            out_ += whole;
            // What follows must not become part of it.
            auto const after = in_.find_first_not_of(".,:;?!)", at_);
            if (after != std::string_view::npos && !is_space(in_[after])) out_ += ' ';
            return;
        }
        out_ += last() == '(' && next(0) == ')' ? removed_link.substr(1, removed_link.size() - 2) : removed_link;
    }

    std::string_view in_;
    KeptLinks const& kept_;
    std::size_t at_ = 0;
    std::size_t autolink_end_ = std::string_view::npos;
    std::string out_;
    std::vector<std::size_t> open_;  // where brackets were written that are not closed yet
};

std::string cut(std::string_view text, std::size_t longest) {
    auto const whole = truncate_utf8(text, longest);
    if (whole.size() == text.size() || is_space(text[whole.size()])) return tidy(whole);
    // Half a word may be another word, and half a number another issue.
    auto const gap = whole.find_last_of(" \n\t");
    return tidy(gap == std::string_view::npos || gap < whole.size() / 2 ? whole : whole.substr(0, gap));
}

std::string once(std::string_view text, KeptLinks const& kept, std::size_t longest) {
    return cut(tidy(Pass{plain_text(text), kept}.run()), longest);
}

// Words alone: whoever nests traps that deeply has no claim to be read well.
std::string words_of(std::string text, std::size_t longest) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return !is_letter(c) && static_cast<unsigned char>(c) < 0x80; }, ' ');
    return cut(tidy(text), longest);
}

}  // namespace

namespace {

std::string removed(std::string_view text, Permitted const& permitted, std::size_t longest) {
    KeptLinks const kept{permitted};
    std::string was{truncate_utf8(text, 2 * longest + 4096)};
    for (std::size_t round = 0; round < most_rounds; ++round) {
        auto now = once(was, kept, longest);
        if (now == was) return now;
        was = std::move(now);
    }
    return words_of(std::move(was), longest);
}

}  // namespace

// Whatever the remover leaves is looked at by the checker, too: where they disagree, nothing is kept for the issue's sake.
std::string defuse(std::string_view text, Permitted const& permitted, std::size_t longest) {
    auto out = removed(text, permitted, longest);
    return harmless(out, permitted) ? out : removed(text, {}, longest);
}

}  // namespace groomer::model
