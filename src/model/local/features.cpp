#include "model/local/features.hpp"

#include "model/local/characters.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace groomer::model::local {
namespace {

constexpr std::size_t longest_word = 40, longest_field = 60, longest_answer = 40;
// The beginning of a body says most: the lines within its first words count twice.
constexpr std::size_t lead_words = 30;

// Lower case, and every number is 0: versions and dates tell texts apart that mean the same.
void append_folded(std::string& out, char c) {
    if (!is_digit(c)) {
        out += lower(c);
    } else if (out.empty() || out.back() != '0') {
        out += '0';
    }
}

// A line of a form as one token: words folded, one space for everything between them.
std::string folded_line(std::string_view line, std::size_t limit) {
    std::string out;
    for (char c : line) {
        // Ends at a character boundary if there is one.
        if (out.size() >= limit && (!continues_character(c) || out.size() >= limit + 3)) break;
        if (is_word(c)) {
            append_folded(out, c);
        } else if (!out.empty() && out.back() != ' ') {
            out += ' ';
        }
    }
    if (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

template <typename Sink>
void for_each_word(std::string_view text, Sink sink) {
    std::string word;
    auto const finish = [&] {
        if (!word.empty() && word.size() <= longest_word) sink(std::string_view(word));
        word.clear();
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        if (is_word(c)) {
            append_folded(word, c);
        } else if (c != '\'' || word.empty() || i + 1 == text.size() || !is_word(text[i + 1])) {  // "doesn't" is one word
            finish();
            if (c == '?' || c == '!') sink(text.substr(i, 1));
        }
    }
    finish();
}

// Words and pairs of neighbours; returns how many words.
std::size_t read_words(Kind kind, std::string_view text, TokenSink const& sink) {
    std::size_t count = 0;
    std::string pair;
    for_each_word(text, [&](std::string_view word) {
        sink(kind, word);
        const std::size_t last = pair.size();
        pair.append(word);
        if (count++ > 0) sink(kind, pair);
        pair.erase(0, last).append(1, ' ');
    });
    return count;
}

void read_letters(std::string_view word, TokenSink const& sink) {
    const std::string framed = std::string(1, ' ').append(word).append(1, ' ');
    for (std::size_t length : {std::size_t{3}, std::size_t{4}}) {
        for (std::size_t i = 0; i + length <= framed.size(); ++i) {
            sink(Kind::title, letters_mark + framed.substr(i, length));
        }
    }
}

// The size of a number: none, 1, 2-3, 4-7, ...
void read_size(std::string_view name, std::size_t number, TokenSink const& sink) {
    sink(Kind::shape, std::string(name).append(1, ' ').append(std::to_string(std::bit_width(number))));
}

void read_title(std::string_view title, TokenSink const& sink) {
    title = trim(title.substr(0, title_limit));
    std::array<std::string, 2> first;
    std::string last;
    std::size_t words = 0;
    for_each_word(title, [&](std::string_view word) {
        if (words < first.size()) first[words] = word;
        last = word;
        ++words;
        read_letters(word, sink);
    });
    read_words(Kind::title, title, sink);
    sink(Kind::title, first_mark + first[0]);
    sink(Kind::title, first_mark + first[0] + ' ' + first[1]);
    sink(Kind::title, last_mark + last);
    // "[Bug] ..." and "Feature: ..." are a form's marks.
    if (auto const end = title.find(']'); title.starts_with('[') && end != title.npos) {
        sink(Kind::field, '[' + folded_line(title.substr(1, end - 1), longest_answer) + ']');
    } else if (auto const colon = title.find(':'); colon < longest_answer) {
        sink(Kind::field, "title " + folded_line(title.substr(0, colon), longest_answer));
    }
    read_size("title words", words, sink);
    if (title.find('?') != title.npos) sink(Kind::shape, "question in title");
    if (title.find('`') != title.npos) sink(Kind::shape, "code in title");
}

// Reads a body line by line: fenced code, comments of the template, headings, checkboxes, "key: value", prose.
class BodyReader {
public:
    explicit BodyReader(TokenSink const& sink) : sink_(sink) {}

    void read(std::string_view body) {
        read_size("length", body.size(), sink_);
        if (body.empty()) sink_(Kind::shape, "no body");
        for_each_line(body.substr(0, body_limit), [this](std::string_view line) { read_line(line); });
        read_sizes();
    }

private:
    void read_line(std::string_view line) {
        ++lines_;
        if (line.starts_with("```") || line.starts_with("~~~")) {
            in_code_ = !in_code_;
            code_blocks_ += in_code_;
        } else if (in_code_) {
            traces_ += looks_like_trace(line) || line.find("Error:") != line.npos || line.find("Exception") != line.npos;
            for_each_word(line, [this](std::string_view word) { sink_(Kind::code, word); });
        } else if (in_comment_ || line.starts_with("<!--")) {
            in_comment_ = line.find("-->") == line.npos;
            sink_(Kind::field, "comment " + folded_line(line, longest_field));
        } else {
            read_text(line);
        }
    }

    static bool looks_like_trace(std::string_view line) {
        return line.starts_with("at ") || line.starts_with("File \"") || line.starts_with("Traceback");
    }

    void read_text(std::string_view line) {
        traces_ += looks_like_trace(line);
        for (std::size_t at = 0; (at = line.find("http", at)) != line.npos; at += 4) ++links_;
        images_ += line.find("![") != line.npos || line.find("<img") != line.npos;
        questions_ += static_cast<std::size_t>(std::count(line.begin(), line.end(), '?'));
        if (is_heading(line)) {
            ++headings_;
            heading_ = folded_line(line, longest_field);
            sink_(Kind::field, heading_);
        } else if (is_checkbox(line)) {
            bool const checked = line[3] != ' ';
            ++(checked ? checked_ : unchecked_);
            sink_(Kind::field, (checked ? "[x] " : "[ ] ") + folded_line(line.substr(5), longest_field));
        } else {
            read_prose(line);
        }
    }

    static bool is_heading(std::string_view line) {
        return line.front() == '#' || (line.starts_with("**") && (line.ends_with("**") || line.ends_with("**:")));
    }

    void read_prose(std::string_view line) {
        if (!heading_.empty()) sink_(Kind::field, heading_ + ": " + folded_line(line, longest_answer));
        heading_.clear();
        auto const colon = line.find(':');
        if (colon > 1 && colon < longest_answer && !line.substr(colon).starts_with(":/")) {
            std::string key = folded_line(line.substr(0, colon), longest_field);
            const std::string answer = folded_line(line.substr(colon + 1), longest_answer);
            sink_(Kind::field, key);
            sink_(Kind::field, key + ": " + answer);
            if (answer.empty()) heading_ = std::move(key);
        }
        items_ += line.starts_with("- ") || line.starts_with("* ") || is_digit(line.front());
        words_ += read_words(Kind::body, line, sink_);
        if (words_ < lead_words) for_each_word(line, [this](std::string_view word) { sink_(Kind::body, word); });
    }

    void read_sizes() const {
        read_size("words", words_, sink_);
        read_size("lines", lines_, sink_);
        read_size("code blocks", code_blocks_, sink_);
        read_size("trace lines", traces_, sink_);
        read_size("links", links_, sink_);
        read_size("images", images_, sink_);
        read_size("questions", questions_, sink_);
        read_size("headings", headings_, sink_);
        read_size("checked", checked_, sink_);
        read_size("unchecked", unchecked_, sink_);
        read_size("items", items_, sink_);
    }

    TokenSink const& sink_;
    bool in_code_ = false, in_comment_ = false;
    std::string heading_;  // whose answer is expected on the next line
    std::size_t words_ = 0, lines_ = 0, code_blocks_ = 0, traces_ = 0, links_ = 0, images_ = 0, questions_ = 0;
    std::size_t headings_ = 0, checked_ = 0, unchecked_ = 0, items_ = 0;
};

constexpr int kind_shift = 29;
constexpr Key kind_mask = ~Key{0} << kind_shift;

}  // namespace

void read_tokens(Document const& document, TokenSink const& sink) {
    read_title(document.title, sink);
    BodyReader(sink).read(document.body);
}

Key key_of(Kind kind, std::string_view token) {
    return (static_cast<Key>(kind) << kind_shift) | (static_cast<Key>(hash(token) >> 32) & ~kind_mask);
}

Key copy_of(Key key, std::string_view repo) {
    return (key & kind_mask) | (static_cast<Key>(Hash::mix(hash(repo) ^ key) >> 32) & ~kind_mask);
}

Features count_features(Document const& document) {
    std::vector<Key> keys;
    read_tokens(document, [&](Kind kind, std::string_view token) { keys.push_back(key_of(kind, token)); });
    std::sort(keys.begin(), keys.end());
    Features out;
    for (auto from = keys.begin(); from != keys.end();) {
        auto const to = std::upper_bound(from, keys.end(), *from);
        out.push_back({*from, static_cast<float>(1 + std::log(static_cast<double>(to - from)))});
        from = to;
    }
    return out;
}

}  // namespace groomer::model::local
