#include "model/local/wording.hpp"

#include "model/local/characters.hpp"

#include <algorithm>
#include <array>

namespace groomer::model::local {
namespace {

constexpr std::size_t longest_word = 40, shortest_part = 2;
constexpr float title_weight = 3;
// "[Component] feat(scope)!: " is as long as prefixes get.
constexpr std::size_t longest_prefix = 30, most_prefixes = 4;
// What is learned from: a million lines at most, 8 MB.
constexpr std::size_t most_sampled = 4'096, most_lines = 256;
// A line or a prefix is the form's if so many issues have it, and one in a hundred does.
constexpr std::size_t few = 5, one_in = 100;

// The same for lines that differ in punctuation and capitals, and for boxes that are checked and that are not.
std::uint64_t fold(std::string_view line) {
    if (is_checkbox(line)) line.remove_prefix(5);
    Hash h;
    bool gap = false, any = false;
    for (char c : line) {
        if (!is_word(c)) {
            gap = true;
            continue;
        }
        if (gap && any) h.add(' ');
        h.add(lower(c));
        gap = false;
        any = true;
    }
    return h.value();
}

// "[Bug]: x" has the prefix "[Bug]:", "fix(core): x" has "fix(core):"; 0 where there is none.
std::size_t prefix_length(std::string_view title) {
    auto const last = [&](char c) { return title.substr(0, longest_prefix).find(c); };
    if (title.starts_with('[')) {
        auto const end = last(']');
        if (end == title.npos) return 0;
        return end + 1 + (title.substr(end + 1).starts_with(':') ? 1 : 0);
    }
    auto const colon = last(':');
    bool const ends = colon != title.npos && (colon + 1 == title.size() || is_space(title[colon + 1]));
    return ends ? colon + 1 : 0;
}

void add_prefixes(std::string_view title, std::vector<std::uint64_t>& out) {
    title = trim(title.substr(0, title_limit));
    for (std::size_t i = 0; i < most_prefixes; ++i) {
        auto const length = prefix_length(title);
        if (length == 0) return;
        out.push_back(fold(title.substr(0, length)));
        title = trim(title.substr(length));
    }
}

void add_lines(std::string_view body, std::vector<std::uint64_t>& out) {
    auto const first = out.size();
    for_each_line(body.substr(0, body_limit), [&](std::string_view line) {
        if (out.size() - first < most_lines) out.push_back(fold(line));
    });
    // A line counts once an issue, however often it stands there.
    auto const own = out.begin() + static_cast<std::ptrdiff_t>(first);
    std::sort(own, out.end());
    out.erase(std::unique(own, out.end()), out.end());
}

// Those that occur `least` times or more, ascending.
std::vector<std::uint64_t> frequent(std::vector<std::uint64_t> all, std::size_t least) {
    std::sort(all.begin(), all.end());
    std::vector<std::uint64_t> out;
    for (auto from = all.begin(); from != all.end();) {
        auto const to = std::upper_bound(from, all.end(), *from);
        if (static_cast<std::size_t>(to - from) >= least) out.push_back(*from);
        from = to;
    }
    out.shrink_to_fit();
    return out;
}

constexpr std::array<std::string_view, 3> endings{"ing", "ed", "s"};

// Issue trackers are mostly English; of other languages it takes a letter or two now and then, from all texts alike.
std::string_view without_ending(std::string_view word) {
    auto const ends = [&](std::string_view ending) {
        if (word.size() < ending.size() + 3) return false;
        auto const own = word.substr(word.size() - ending.size());
        return std::equal(own.begin(), own.end(), ending.begin(), [](char a, char b) { return lower(a) == b; });
    };
    if (ends("ss")) return word;
    auto const ending = std::find_if(endings.begin(), endings.end(), ends);
    return ending == endings.end() ? word : word.substr(0, word.size() - ending->size());
}

// Collects the words of one issue.
class Counter {
public:
    explicit Counter(Words& out) : out_(out) {}

    void read(std::string_view text, float weight) {
        weight_ = weight;
        for (std::size_t i = 0; i < text.size();) {
            if (!is_word(text[i])) {
                ++i;
                continue;
            }
            auto const begin = i;
            bool wide = false, parts = false;
            for (; i < text.size() && is_word(text[i]); ++i) {
                parts |= text[i] == '_' || is_upper(text[i]);
                wide |= (static_cast<unsigned char>(text[i]) & 0xF0) == 0xE0;  // most scripts without spaces have three bytes a character
            }
            auto const word = text.substr(begin, i - begin);
            if (wide) {
                add_pairs(word);
            } else {
                if (word.size() <= longest_word) add(word);
                if (parts) add_parts(word);  // of a longer one, too: it is no word, but may have some in it
            }
        }
    }

private:
    void add(std::string_view token) {
        Hash h;
        for (char c : without_ending(token)) h.add(lower(c));
        out_.push_back({static_cast<std::uint32_t>(h.value() >> 32), weight_});
    }

    void add_parts(std::string_view word) {
        std::size_t from = 0;
        for (std::size_t i = 1; i <= word.size(); ++i) {
            if (i < word.size() && !begins_part(word, i)) continue;
            auto part = word.substr(from, i - from);
            while (part.starts_with('_')) part.remove_prefix(1);
            bool const is_whole = part.size() == word.size();
            if (!is_whole && part.size() >= shortest_part && part.size() <= longest_word) add(part);
            from = i;
        }
    }

    static bool begins_part(std::string_view word, std::size_t i) {
        if (word[i] == '_') return true;
        bool const rises = !is_upper(word[i - 1]) && word[i - 1] != '_';
        bool const ends_capitals = i + 1 < word.size() && is_lower(word[i + 1]);  // HTTPServer: http, server
        return is_upper(word[i]) && (rises || ends_capitals);
    }

    void add_pairs(std::string_view word) {
        std::size_t last = word.npos;
        for (std::size_t i = 0; i < word.size();) {
            auto next = i + 1;
            while (next < word.size() && continues_character(word[next]) && next - i < 4) ++next;
            if (last != word.npos) add(word.substr(last, next - last));
            last = i;
            i = next;
        }
        if (last == 0) add(word);
    }

    Words& out_;
    float weight_ = 1;
};

}  // namespace

Boilerplate::Boilerplate(std::size_t issues, Texts const& title, Texts const& body) {
    auto const sampled = std::min(issues, most_sampled);
    std::vector<std::uint64_t> lines, prefixes;
    for (std::size_t i = 0; i < sampled; ++i) {
        auto const at = i * issues / sampled;
        add_lines(body(at), lines);
        add_prefixes(title(at), prefixes);
    }
    auto const least = std::max(few, sampled / one_in);
    lines_ = frequent(std::move(lines), least);
    prefixes_ = frequent(std::move(prefixes), least);
}

bool Boilerplate::has_line(std::string_view line) const { return std::binary_search(lines_.begin(), lines_.end(), fold(line)); }

std::string_view Boilerplate::without_prefixes(std::string_view title) const {
    title = trim(title);
    for (std::size_t i = 0; i < most_prefixes; ++i) {
        auto const length = prefix_length(title);
        if (length == 0 || !std::binary_search(prefixes_.begin(), prefixes_.end(), fold(title.substr(0, length)))) break;
        title = trim(title.substr(length));
    }
    return title;
}

Words read_words(std::string_view title, std::string_view body, Boilerplate const& boilerplate) {
    Words words;
    words.reserve(512);
    Counter counter(words);
    counter.read(boilerplate.without_prefixes(title.substr(0, title_limit)), title_weight);
    for_each_line(body.substr(0, body_limit), [&](std::string_view line) {
        if (!boilerplate.has_line(line)) counter.read(line, 1);
    });
    return words;
}

Words count_words(std::string_view title, std::string_view body, Boilerplate const& boilerplate) {
    auto words = read_words(title, body, boilerplate);
    std::sort(words.begin(), words.end(), [](Word const& a, Word const& b) { return a.key < b.key; });
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (distinct > 0 && words[distinct - 1].key == words[i].key) words[distinct - 1].count += words[i].count;
        else words[distinct++] = words[i];
    }
    words.resize(distinct);
    return words;
}

}  // namespace groomer::model::local
