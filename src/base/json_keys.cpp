#include "base/json_keys.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <set>
#include <utility>

namespace groomer {
namespace {

namespace json = boost::json;

// Follows the parser through the text and notes each key. Its functions are named by Boost.
class KeyNotes {
public:
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    explicit KeyNotes(std::size_t most) : most_{most} {}

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return open(false); }
    bool on_object_end(std::size_t, json::error_code&) { return close(); }
    bool on_array_begin(json::error_code&) { return open(true); }
    bool on_array_end(std::size_t, json::error_code&) { return close(); }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        key_.append(part.data(), part.size());
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        key_.append(part.data(), part.size());
        auto& object = open_.back();
        object.key = std::exchange(key_, {});
        if (!object.keys.insert(object.key).second && found.size() < most_) found.push_back(pointer());
        return true;
    }
    bool on_string_part(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_string(json::string_view, std::size_t, json::error_code&) { return true; }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, json::error_code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, json::error_code&) { return true; }
    bool on_double(double, json::string_view, json::error_code&) { return true; }
    bool on_bool(bool, json::error_code&) { return true; }
    bool on_null(json::error_code&) { return true; }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    std::vector<std::string> found;

private:
    struct Level {
        bool is_array = false;
        std::set<std::string> keys;
        std::string key;  // the latest
    };

    bool open(bool is_array) {
        open_.push_back({is_array, {}, {}});
        return true;
    }

    bool close() {
        open_.pop_back();
        return true;
    }

    // Elements of lists go by "-": none of what is asked for has objects in a list.
    [[nodiscard]] std::string pointer() const {
        std::string out;
        for (auto const& level : open_) out += level.is_array ? "/-" : pointer_step(level.key);
        return out;
    }

    std::size_t most_;
    std::vector<Level> open_;
    std::string key_;
};

}  // namespace

std::string pointer_step(std::string_view key) {
    std::string out = "/";
    for (char const c : key) {
        if (c == '~') out += "~0";
        else if (c == '/') out += "~1";
        else out += c;
    }
    return out;
}

std::vector<std::string> repeated_keys(std::string_view text, std::size_t depth, std::size_t most) {
    json::parse_options options;
    options.max_depth = depth;
    json::basic_parser<KeyNotes> parser{options, most};
    json::error_code error;
    parser.write_some(false, text.data(), text.size(), error);
    return std::move(parser.handler().found);
}

}  // namespace groomer
