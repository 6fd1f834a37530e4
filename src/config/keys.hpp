// The one table of configuration keys: the YAML reader, the names in the environment, the reference page and the JSON
// schema are all made from it. The rows are in key_table.cpp.
#pragma once

#include "config/config.hpp"
#include "config/forms.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace groomer::config {

// What a key can hold. monostate: an optional key that was not set.
using Value = std::variant<std::monostate, std::string, std::int64_t, double, bool, Duration, std::uint64_t, std::vector<std::string>>;

enum class Type {
    text,
    integer,
    number,
    boolean,
    duration,
    size,
    choice,
    labels,       // a list of labels
    secret_file,  // the path of a file that holds a secret; the member gets the content
    part,         // a structure with a reader of its own: only documented here
};

// Where the value lives in Config. Null for what stands inside lists and maps.
struct Access {
    void (*set)(Config&, Value const&) = nullptr;
    Value (*get)(Config const&) = nullptr;
};

struct Key {
    std::string_view path{};  // lock.ttl; [] stands for each entry of a list, * for a name of the user's own
    Type type = Type::text;
    std::string_view fallback{};  // the default, as text; empty: none
    std::string_view help{};
    Access access{};
    std::string_view min{}, max{};  // both included, in the key's own notation
    bool above_min = false;         // min itself is not allowed
    std::string_view choices{};     // debug|info
    Form const* form = nullptr;     // of a text, of each label, or of a secret's content
    std::string_view example{};     // for the reference, where there is no default
    bool restart = false;           // a reload keeps the old value
};

// The most labels in one list, and the most families: more is a slip, and every one is compared with every other.
constexpr std::size_t most_labels = 200, most_families = 50;

struct Section {
    std::string_view name, help;
};

std::span<Key const> keys();
std::span<Section const> sections();

// Null if there is none.
Key const* find_key(std::string_view path);

// policy.* and model.* may stand under a repository too.
bool per_repository(Key const& key);

// GROOMER_LOCK_TTL; empty for what only the file can say.
std::string environment_name(Key const& key);
// The variable that holds a secret itself, next to its …_FILE: GROOMER_GITHUB_TOKEN. Empty where there is none.
std::string secret_name(Key const& key);

// The candidate that is a slip of the pen away from `word`; empty if none is.
std::string nearest(std::string_view word, std::vector<std::string> const& candidates);

}  // namespace groomer::config
