// The labelled copy of an export: the same bytes, but for the labels that the effects changed.
#pragma once

#include "tracker/file/effects.hpp"
#include "tracker/file/export.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace groomer::tracker::file {

// The element with `labels` as its labels: label objects that stay keep their bytes, new ones are {"name": …}, or
// strings where all that were there are strings. `element` is one that identify() found usable.
std::string relabel(std::string_view element, std::vector<std::string> const& labels);

// Beside its destination, locked while it is alive, and gone with its writer.
class TemporaryFile {
public:
    // Removes what crashed predecessors left.
    TemporaryFile(std::string destination, unsigned mode);
    TemporaryFile(TemporaryFile const&) = delete;
    ~TemporaryFile();

    [[nodiscard]] File& file() { return file_; }
    // Once its content is durable.
    void become_destination();

private:
    std::string const destination_;
    File file_;
    bool kept_ = false;
};

using ChangesOf = std::function<std::vector<LabelChange>(IssueRef const&)>;

// Streams: memory is bounded by the largest issue.
void write_labelled_copy(Snapshot const& source, ChangesOf const& changes_of, File& out);

}  // namespace groomer::tracker::file
