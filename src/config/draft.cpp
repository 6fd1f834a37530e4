#include "config/draft.hpp"

#include <algorithm>

namespace groomer::config {
namespace {

std::string_view kind_name(YamlNode const& node) {
    switch (node.kind) {
        case YamlNode::Kind::null: return "nothing";
        case YamlNode::Kind::scalar: return "a single value";
        case YamlNode::Kind::list: return "a list";
        case YamlNode::Kind::map: break;
    }
    return "a map";
}

// What was written may be shown, unless it may be a secret: people do paste a token where its file belongs.
std::string refusal(Key const& key, std::string_view text) {
    bool const hide = key.type == Type::secret_file || key.form == &database_form;
    return (hide ? "the value" : show(text)) + " is not " + allowed(key);
}

bool is_section(std::string_view path) {
    auto const inside = [&](Key const& key) {
        return key.path.size() > path.size() && key.path.starts_with(path) && key.path[path.size()] == '.';
    };
    return std::any_of(keys().begin(), keys().end(), inside);
}

// The names directly below a section.
std::vector<std::string> names_below(std::string_view prefix) {
    std::vector<std::string> names;
    for (Key const& key : keys()) {
        auto path = key.path;
        if (!prefix.empty()) {
            if (!path.starts_with(prefix) || path[prefix.size()] != '.') continue;
            path.remove_prefix(prefix.size() + 1);
        }
        std::string name{path.substr(0, path.find_first_of(".["))};
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
    return names;
}

void unknown_key(YamlEntry const& entry, std::string const& prefix, std::string const& path, Draft const& draft, Problems& problems) {
    Origin const origin{Layer::file, entry.mark, ""};
    auto const shown = draft.scope + (prefix.empty() ? "" : prefix + '.') + show_key(entry.key);
    auto const* secret = find_key(path + "_file");
    if (secret != nullptr && secret->type == Type::secret_file) {
        problems.add(origin, shown, "a secret never stands here: write " + std::string{secret->path} + ", or set " + secret_name(*secret));
        return;
    }
    problems.add(origin, shown, "unknown key; " + suggestion(entry.key, names_below(prefix)));
}

std::optional<Value> read_labels(Key const& key, YamlNode const& node, std::string const& shown, Problems& problems) {
    std::vector<std::string> labels;
    auto const before = problems.size();
    if (node.items.size() > most_labels) {
        problems.add({Layer::file, node.mark, ""}, shown, "has more than " + std::to_string(most_labels) + " labels");
        return std::nullopt;
    }
    for (YamlPtr const& item : node.items) {
        Origin const origin{Layer::file, item->mark, ""};
        if (item->kind != YamlNode::Kind::scalar)
            problems.add(origin, shown, "must be a list of labels, not of " + std::string{kind_name(*item)});
        else if (!key.form->valid(item->text)) problems.add(origin, shown, show(item->text) + " is not " + std::string{key.form->allowed});
        else if (std::find(labels.begin(), labels.end(), item->text) != labels.end())
            problems.add(origin, shown, show(item->text) + " is there twice");
        else labels.push_back(item->text);
    }
    return problems.size() == before ? std::optional{Value{std::move(labels)}} : std::nullopt;
}

// Two keys may set the same member (database.url and its file), as may a variable and its …_FILE: of one layer that is
// a contradiction, of two the later wins.
void put(Key const& key, Setting setting, Draft& draft, Problems& problems) {
    for (auto it = draft.settings.begin(); it != draft.settings.end();) {
        if (it->first->access.set != key.access.set) {
            ++it;
            continue;
        }
        if (it->second.origin.layer == setting.origin.layer) {
            if (it->first == &key && setting.origin.layer == Layer::file) return;  // written twice: reported as such
            auto const& other = it->second.origin;
            auto const name = other.layer == Layer::file ? draft.scope + std::string{it->first->path} : other.name;
            problems.add(setting.origin, draft.scope + std::string{key.path}, "stands beside " + name + ": keep one of the two");
            return;
        }
        it = draft.settings.erase(it);
    }
    draft.settings.emplace(&key, std::move(setting));
}

void put_text(Key const& key, std::string const& text, Origin const& origin, Draft& draft, Problems& problems) {
    if (auto value = parse_value(key, text)) put(key, {std::move(*value), origin}, draft, problems);
    else problems.add(origin, key.path, refusal(key, text));
}

// Variables of the product that are no keys, and those that Kubernetes puts into every pod of a namespace with a
// Service called groomer or groomer-anything (GROOMER_SERVICE_HOST, GROOMER_PORT_8080_TCP_ADDR, …).
bool is_other_variable(std::string_view name) {
    for (std::string_view known :
         {"GROOMER_POD_UID", "GROOMER_CONTAINER", "GROOMER_SLOT_DIR", "GROOMER_SHARED", "GROOMER_CONFIG", "GROOMER_LOCAL_DIR"})
        if (name == known) return true;
    for (std::string_view ending : {"_SERVICE_HOST", "_SERVICE_PORT", "_PORT"})
        if (name.ends_with(ending)) return true;
    for (std::string_view protocol : {"_TCP", "_UDP", "_SCTP"}) {
        auto const port = name.find("_PORT_"), at = name.rfind(protocol);
        if (port != std::string_view::npos && at != std::string_view::npos && at > port + 6 &&
            name.substr(port + 6, at - port - 6).find_first_not_of("0123456789") == std::string_view::npos)
            return true;
    }
    return name.find("_SERVICE_PORT_") != std::string_view::npos;
}

struct Variable {
    Key const* key;
    bool is_secret;
};

std::map<std::string, Variable> variables() {
    std::map<std::string, Variable> all;
    for (Key const& key : keys()) {
        if (auto name = environment_name(key); !name.empty()) all.emplace(std::move(name), Variable{&key, false});
        if (auto name = secret_name(key); !name.empty()) all.emplace(std::move(name), Variable{&key, true});
    }
    return all;
}

// Without a slash or a dot it is more likely the secret itself, pasted where its file belongs.
std::string file_name(std::string const& path) {
    return path.find_first_of("/.") == std::string::npos ? "the file (not named here: it looks like the secret itself)"
                                                         : "the file " + path;
}

std::optional<std::string> secret_of(Key const& key, Setting const& setting, std::string const& shown, Files& files, Problems& problems) {
    auto text = std::get<std::string>(setting.value);
    std::string source = "the value";
    if (!setting.is_secret) {
        source = file_name(text);
        auto content = files.read(text, std::string{key.path.substr(0, key.path.size() - 5)}, most_secret_bytes);
        if (!content.ok) {
            problems.add(setting.origin, shown, source + ' ' + content.problem);
            return std::nullopt;
        }
        text = std::move(content.text);
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) problems.add(setting.origin, shown, source + " is empty");
    else if (text.size() > most_secret_bytes || !key.form->valid(text))
        problems.add(setting.origin, shown, source + " does not hold " + std::string{key.form->allowed});
    else return text;
    return std::nullopt;
}

}  // namespace

Setting const* Draft::find(std::string_view path) const {
    auto const found = settings.find(find_key(path));
    return found == settings.end() ? nullptr : &found->second;
}

Origin Draft::place(std::string_view path) const {
    if (auto const* setting = find(path)) return setting->origin;
    for (auto prefix = path;;) {
        if (auto const found = sections.find(prefix); found != sections.end()) return {Layer::file, found->second, ""};
        if (prefix.empty()) return {};
        auto const dot = prefix.rfind('.');
        prefix = dot == std::string_view::npos ? std::string_view{} : prefix.substr(0, dot);
    }
}

std::string suggestion(std::string const& word, std::vector<std::string> const& known) {
    if (auto const close = nearest(word, known); !close.empty()) return "did you mean " + close + "?";
    std::string all;
    for (auto const& name : known) all += (all.empty() ? "" : ", ") + name;
    return "known here: " + all;
}

std::optional<Value> read_value(Key const& key, YamlNode const& node, std::string const& shown, Problems& problems) {
    Origin const origin{Layer::file, node.mark, ""};
    bool const is_list = key.type == Type::labels;
    if (node.kind != (is_list ? YamlNode::Kind::list : YamlNode::Kind::scalar)) {
        problems.add(origin, shown, "must be " + allowed(key) + ", not " + std::string{kind_name(node)});
        return std::nullopt;
    }
    if (is_list) return read_labels(key, node, shown, problems);
    bool const plain_only = key.type == Type::integer || key.type == Type::number || key.type == Type::boolean;
    if (plain_only && node.quoted) {
        problems.add(origin, shown, show(node.text) + " is a text: write it without quotes");
        return std::nullopt;
    }
    auto value = parse_value(key, node.text);
    if (!value) problems.add(origin, shown, refusal(key, node.text));
    return value;
}

void read_section(YamlNode const& node, std::string const& prefix, Draft& draft, Problems& problems) {
    if (node.kind == YamlNode::Kind::null) return;  // a section whose keys are all commented out
    if (node.kind != YamlNode::Kind::map) {
        problems.add({Layer::file, node.mark, ""}, draft.scope + prefix, "must be a map of keys, not " + std::string{kind_name(node)});
        return;
    }
    for (YamlEntry const& entry : node.entries) {
        if (entry.key == "<<") continue;  // reported by the parser
        auto const path = prefix.empty() ? entry.key : prefix + '.' + entry.key;
        bool const is_name = entry.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos;
        Key const* key = is_name ? find_key(path) : nullptr;
        if (key != nullptr) {
            if (auto value = read_value(*key, *entry.value, draft.scope + path, problems))
                put(*key, {std::move(*value), {Layer::file, entry.value->mark, ""}}, draft, problems);
            else draft.sections.emplace(path, entry.mark);
            continue;
        }
        draft.sections.emplace(path, entry.mark);
        if (path == "policy.labels") draft.labels = entry.value;
        else if (path == "repositories" && draft.scope.empty()) draft.repositories = entry.value;
        else if (is_name && is_section(path)) read_section(*entry.value, path, draft, problems);
        else unknown_key(entry, prefix, path, draft, problems);
    }
}

void read_environment(std::map<std::string, std::string> const& environment, Draft& draft, Problems& problems) {
    auto const known = variables();
    for (auto const& [name, text] : environment) {
        if (!name.starts_with("GROOMER_")) continue;
        Origin const origin{Layer::environment, {}, name};
        if (auto const found = known.find(name); found != known.end()) {
            auto const [key, is_secret] = found->second;
            if (is_secret) put(*key, {Value{text}, origin, true}, draft, problems);
            else put_text(*key, text, origin, draft, problems);
        } else if (!is_other_variable(name)) {
            std::vector<std::string> names;
            names.reserve(known.size());
            for (auto const& [other, variable] : known) names.push_back(other);
            auto const close = nearest(name, names);
            problems.add(origin, "", close.empty() ? "no such setting" : "no such setting; did you mean " + close + "?");
        }
    }
}

void read_flags(std::map<std::string, std::string> const& flags, Draft& draft, Problems& problems) {
    for (auto const& [path, text] : flags) {
        Origin const origin{Layer::flag, {}, path};
        Key const* key = find_key(path);
        if (key != nullptr && key->access.set != nullptr) {
            bool const leaks = key->form == &database_form && key->type == Type::text && redact_url(text) != text;
            if (leaks) problems.add(origin, path, "a password never stands on the command line: use database.password_file");
            else put_text(*key, text, origin, draft, problems);
            continue;
        }
        std::vector<std::string> paths;
        for (Key const& other : keys())
            if (other.access.set != nullptr) paths.emplace_back(other.path);
        auto const close = nearest(path, paths);
        problems.add(origin, "", close.empty() ? "no such setting" : "no such setting; did you mean " + close + "?");
    }
}

void apply(Draft const& draft, Config& config, Files& files, Problems& problems) {
    for (auto const& [key, setting] : draft.settings) {
        if (key->type != Type::secret_file) key->access.set(config, setting.value);
        else if (auto text = secret_of(*key, setting, draft.scope + std::string{key->path}, files, problems))
            key->access.set(config, Value{std::move(*text)});
    }
}

}  // namespace groomer::config
