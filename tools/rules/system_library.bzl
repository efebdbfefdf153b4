"""Debian's C++ libraries under the labels that Bazel users know.

`@com_google_absl//absl/status` and its like are, in this workspace, thin
cc_library targets around the headers and shared libraries that `tools/setup`
installed. Nothing is fetched and nothing is built; the same BUILD files build
against the real repositories of those names.

Headers need no declaration: they lie in /usr/include, which the compiler
searches by itself and which Bazel's C++ toolchain knows as built in. Link flags
come from pkg-config.
"""

_TARGET = """
cc_library(
    name = "{name}",
    hdrs = ["//:system_versions.h"],
    linkopts = {linkopts},
    testonly = {testonly},
    deps = {deps},
)
"""

_HEADER = """# Written by tools/rules/system_library.bzl.
load("@rules_cc//cc:defs.bzl", "cc_library")

package(default_visibility = ["//visibility:public"])
"""

def _missing(repository_ctx, what):
    fail("\n\n  @{}: {} is not installed.\n  Run tools/setup, then this command again.\n".format(
        repository_ctx.name,
        what,
    ))

def _pkg_config(repository_ctx, args, modules):
    result = repository_ctx.execute(["pkg-config"] + args + modules)
    if result.return_code == 127 or not repository_ctx.which("pkg-config"):
        _missing(repository_ctx, "pkg-config")
    if result.return_code != 0:
        _missing(repository_ctx, "the library behind pkg-config's " + ", ".join(modules))
    return result.stdout.strip()

def _linkopts(repository_ctx, modules, flags):
    linkopts = []
    if modules:
        # Abseil's flags name every library below the one asked for; --as-needed
        # keeps those that nothing calls from being loaded with the program.
        libs = _pkg_config(repository_ctx, ["--libs"], modules).split(" ")
        linkopts += ["-Wl,--push-state,--as-needed"] + [f for f in libs if f] + ["-Wl,--pop-state"]
    if flags:
        linkopts += ["-Wl,--push-state,--no-as-needed"] + flags + ["-Wl,--pop-state"]
    return linkopts

def _system_library_impl(repository_ctx):
    for path in repository_ctx.attr.requires:
        if not repository_ctx.path(path).exists:
            _missing(repository_ctx, path)
    for link, path in repository_ctx.attr.symlinks.items():
        if not repository_ctx.path(path).exists:
            _missing(repository_ctx, path)
        repository_ctx.symlink(path, link)

    modules = {}
    packages = {"": _HEADER}
    for label, parts in repository_ctx.attr.targets.items():
        package, name = label[len("//"):].split(":")
        flags = [p for p in parts if p.startswith("-l")]
        own = [p for p in parts if "//" not in p and p not in flags]
        modules.update({m: None for m in own})
        packages.setdefault(package, _HEADER)
        packages[package] += _TARGET.format(
            name = name,
            linkopts = repr(_linkopts(repository_ctx, own, flags)),
            deps = repr([p for p in parts if "//" in p]),
            testonly = repr(label in repository_ctx.attr.testonly_targets),
        )
    packages[""] += "\nexports_files([\"system_versions.h\"])\n"
    for label, build_file in repository_ctx.attr.build_files.items():
        package = label[len("//"):]
        packages[package] = packages.get(package, _HEADER) + "\n" + repository_ctx.read(Label(build_file))
    for package, content in packages.items():
        repository_ctx.file(package + "/BUILD.bazel" if package else "BUILD.bazel", content, False)

    # Every user of the library has this file among its inputs, so that an
    # upgrade of the system's packages rebuilds what was built against the old.
    repository_ctx.file("system_versions.h", "".join([
        "// {} {}\n".format(m, _pkg_config(repository_ctx, ["--modversion"], [m]))
        for m in modules
    ]), False)

    for file, label in repository_ctx.attr.files.items():
        repository_ctx.file(file, repository_ctx.read(Label(label)), False)

system_library = repository_rule(
    implementation = _system_library_impl,
    attrs = {
        "targets": attr.string_list_dict(
            doc = "cc_library label in this repository -> pkg-config modules to link, -lNAME for libraries without pkg-config data, which are linked even if nothing calls them, and labels to depend on.",
        ),
        "testonly_targets": attr.string_list(
            doc = "Those of the targets that only tests may use.",
        ),
        "build_files": attr.string_dict(
            doc = "Package of this repository, as //PACKAGE -> label of BUILD text to add to it.",
        ),
        "files": attr.string_dict(
            doc = "File of this repository -> label of the file to copy there.",
        ),
        "symlinks": attr.string_dict(
            doc = "File of this repository -> absolute path of the installed file.",
        ),
        "requires": attr.string_list(
            doc = "Absolute paths that must exist, for libraries without pkg-config data.",
        ),
    },
    doc = "Wraps installed C++ libraries as a repository.",
    local = True,
    environ = ["PKG_CONFIG_PATH"],
)
