#include "model/kept_links.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace groomer::model {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_letter(c) || is_digit(c); }

// Punctuation of scripts that put no space after it: what follows is another sentence.
bool begins_wide_punctuation(std::string_view text) {
    return text.starts_with("\xE3\x80") || text.starts_with("\xEF\xBC") || text.starts_with("\xEF\xBD") || text.starts_with("\xE2\x80");
}

constexpr std::string_view in_links = "-._~:/?#!$&()+,;=%@";

std::size_t run_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size()) {
        char const c = text[length];
        bool const wide = static_cast<unsigned char>(c) >= 0x80;
        if (wide ? begins_wide_punctuation(text.substr(length)) : !is_alnum(c) && in_links.find(c) == std::string_view::npos) break;
        ++length;
    }
    return length;
}

}  // namespace

std::size_t link_length(std::string_view text) {
    auto const run = text.substr(0, run_length(text));
    auto surplus = std::count(run.begin(), run.end(), ')') - std::count(run.begin(), run.end(), '(');
    auto length = run.size();
    for (; length > 0; --length) {
        char const last = run[length - 1];
        if (last == ')' && surplus > 0) --surplus;
        else if (std::string_view{"?!.,:;_~"}.find(last) == std::string_view::npos) break;
    }
    return length;
}

KeptLinks::KeptLinks(Permitted const& permitted) : permitted_{permitted} {
    auto const source = permitted.source;
    constexpr std::size_t most = 1000;  // a text of links alone would take long, and who needs more of them?
    // Each place where `mark` stands that `begin_of` finds a link around.
    auto const note_all = [&](std::string_view mark, auto const& begin_of) {
        std::size_t noted = 0;
        for (auto at = source.find(mark); noted < most && at != std::string_view::npos;) {
            std::optional<std::size_t> const begin = begin_of(at);
            if (begin) ++noted;
            at = source.find(mark, begin ? note(*begin) : at + 1);
        }
    };
    note_all("://", [&](std::size_t at) -> std::optional<std::size_t> {
        auto begin = at;
        while (begin > 0 && at - begin < 6 && is_letter(source[begin - 1])) --begin;
        auto const scheme = source.substr(begin, at - begin);
        bool const begins = begin == 0 || !is_alnum(source[begin - 1]);
        return begins && (scheme == "http" || scheme == "https") ? std::optional{begin} : std::nullopt;
    });
    note_all("www.", [&](std::size_t at) -> std::optional<std::size_t> {
        bool const begins = at == 0 || (!is_alnum(source[at - 1]) && source[at - 1] != '/' && source[at - 1] != '.');
        return begins ? std::optional{at} : std::nullopt;
    });
}

// What begins within a link is a part of it, and no link that the issue has: the source is read once, whatever it is made of.
std::size_t KeptLinks::note(std::size_t begin) {
    auto const text = permitted_.source.substr(begin);
    auto const run = text.substr(0, run_length(text));
    // What GitHub would count in, and run_length does not: such a link is not known by its beginning.
    auto const rest = text.substr(run.size());
    auto const next = std::min(rest.find_first_not_of("*'^{}[.,:;?!)_~"), rest.size());
    if (run_length(rest.substr(next)) == 0) links_.insert(run.substr(0, link_length(run)));
    return begin + run.size();
}

bool KeptLinks::has(std::string_view link) const {
    if (!links_.contains(link)) return false;
    for (std::string_view const kind : {"/issues/", "/pull/", "/pulls/", "/discussions/"}) {
        for (auto at = link.find(kind); at != std::string_view::npos; at = link.find(kind, at + 1)) {
            auto const digits = link.substr(at + kind.size());
            auto const end = std::find_if_not(digits.begin(), digits.end(), is_digit);
            if (end != digits.begin() && !has_issue({digits.begin(), end})) return false;
        }
    }
    return true;
}

bool KeptLinks::has_issue(std::string_view digits) const {
    std::int64_t number = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.starts_with('0')) return false;
    return std::find(permitted_.issues.begin(), permitted_.issues.end(), number) != permitted_.issues.end();
}

}  // namespace groomer::model
