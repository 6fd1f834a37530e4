#include "config/repositories.hpp"

#include "base/text.hpp"

#include <filesystem>

namespace groomer::config {
namespace {

using Kind = YamlNode::Kind;

// A scalar of the entry itself; the mark is kept for the checks.
void read_own(std::string const& name, YamlEntry const& entry, std::string& member, Draft& draft, Problems& problems) {
    Key const& key = *find_key("repositories[]." + name);
    draft.sections[name] = entry.value->mark;
    if (auto const value = read_value(key, *entry.value, draft.scope + name, problems)) member = std::get<std::string>(*value);
}

void read_entry(YamlNode const& node, RepositoryEntry& entry, Problems& problems) {
    auto& [repository, draft, places] = entry;
    for (YamlEntry const& part : node.entries) {
        if (part.key == "name") read_own("name", part, repository.name, draft, problems);
        else if (part.key == "tracker") read_own("tracker", part, repository.tracker, draft, problems);
        else if (part.key == "path") read_own("path", part, repository.path, draft, problems);
        else if (part.key == "policy" || part.key == "model") {
            draft.sections.emplace(part.key, part.mark);
            read_section(*part.value, part.key, draft, problems);
        } else {
            problems.add({Layer::file, part.mark, ""}, draft.scope + show_key(part.key),
                         "unknown key; " + suggestion(part.key, {"name", "tracker", "path", "policy", "model"}));
        }
    }
    for (std::string const name : {"name", "tracker"})
        if (!draft.sections.contains(name))
            problems.add(draft.place(""), draft.scope + name, "is missing: a repository needs a name and a tracker (github or file)");
    bool const has_path = draft.sections.contains("path");
    if (repository.tracker == "file" && !has_path)
        problems.add(draft.place(""), draft.scope + "path", "is missing: the tracker file needs the path of an export");
    if (repository.tracker == "github" && has_path)
        problems.add(draft.place("path"), draft.scope + "path", "has no meaning for the tracker github");
}

// A key is never sent to an address that it was not given for.
void inherit(RepositoryEntry& entry, Config const& base, Files& files, Problems& problems) {
    Config own;
    own.policy = base.policy;
    own.model = base.model;
    apply(entry.draft, own, files, problems);
    settle_base_url(own.model);
    if (entry.draft.find("model.api_key_file") == nullptr && own.model.base_url != base.model.base_url) own.model.api_key = {};
    if (entry.draft.labels)
        read_families(*entry.draft.labels, entry.draft.scope + "policy.labels", own.policy.labels, entry.places, problems);
    entry.repository.policy = std::move(own.policy);
    entry.repository.model = std::move(own.model);
}

// Entries are compared by name without case, as GitHub does, and by the files that they read and write.
class Doubles {
public:
    Doubles(Writes writes, Problems& problems) : writes_{writes}, problems_{problems} {}

    void check(RepositoryEntry const& entry) {
        auto const& [repository, draft, places] = entry;
        if (!repository.name.empty()) one(names_, to_lower(repository.name), "name", show(repository.name), draft);
        if (repository.path.empty()) return;
        bool const fresh = one(paths_, canonical(repository.path), "path", show(repository.path), draft);
        if (!fresh || writes_ == nullptr) return;
        for (auto const& path : writes_(repository))
            if (!one(paths_, canonical(path), "path", show(path) + ", which is written for " + show(repository.path) + ",", draft)) return;
    }

private:
    using Seen = std::map<std::string, std::size_t>;

    static std::string canonical(std::string const& path) {
        std::error_code error;
        auto const full = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
        return error ? path : full.string();
    }

    bool one(Seen& seen, std::string const& value, std::string const& name, std::string const& shown, Draft const& draft) {
        auto const place = draft.place(name);
        auto const [first, fresh] = seen.emplace(value, place.mark.line);
        if (!fresh) problems_.add(place, draft.scope + name, shown + " is there twice, first on line " + std::to_string(first->second));
        return fresh;
    }

    Seen names_, paths_;
    Writes const writes_;
    Problems& problems_;
};

}  // namespace

void settle_base_url(Model& model) {
    for (auto provider : {"openai", "anthropic"})
        if (model.base_url == default_base_url(provider)) {
            model.base_url = default_base_url(model.provider);
            return;
        }
}

std::vector<RepositoryEntry> read_repositories(YamlNode const& node, Config const& base, FamilyPlaces const& base_places, Writes writes,
                                               Files& files, Problems& problems) {
    std::vector<RepositoryEntry> entries;
    if (node.kind == Kind::null) return entries;
    if (node.kind != Kind::list) {
        problems.add({Layer::file, node.mark, ""}, "repositories",
                     "must be a list of maps like {name: octocat/hello-world, tracker: github}");
        return entries;
    }
    Doubles doubles{writes, problems};
    for (YamlPtr const& item : node.items) {
        auto& entry = entries.emplace_back();
        entry.places = base_places;
        entry.draft.scope = "repositories[" + std::to_string(entries.size() - 1) + "].";
        entry.draft.sections.emplace("", item->mark);
        if (item->kind != Kind::map) {
            problems.add(entry.draft.place(""), "repositories", "must be a list of maps like {name: octocat/hello-world, tracker: github}");
            continue;
        }
        read_entry(*item, entry, problems);
        inherit(entry, base, files, problems);
        doubles.check(entry);
    }
    return entries;
}

}  // namespace groomer::config
