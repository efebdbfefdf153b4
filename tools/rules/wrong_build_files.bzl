"""A repository with one package per wrong answer to a BUILD file exercise.

A wrong answer is a patch on the solution. For a C++ file the solution() macro
applies it in a genrule; a BUILD file must be wrong before Bazel loads it, so it
is patched here: solutions/NN_concept/wrong_answers/NAME.what.patch becomes the
package @wrong_build_files//NN_concept/NAME.what, with everything else as in
solutions/NN_concept/NAME.

A new patch is seen when the Bazel server starts, or after `bazel sync`.
"""

def _children(path):
    return path.readdir() if path.exists else []

def _wrong_build_files_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", "", False)
    solutions = repository_ctx.path(Label("//:WORKSPACE")).dirname.get_child("solutions")
    for solution in _children(solutions):
        for patch in _children(solution.get_child("wrong_answers")):
            exercise = solution.get_child(patch.basename.split(".")[0])
            if not exercise.get_child("BUILD.bazel").exists:
                continue
            stem = patch.basename[:-len(".patch")]
            package = solution.basename + "/" + stem
            copy = repository_ctx.execute([
                "sh",
                "-c",
                "mkdir -p \"$2\" && cp -R \"$1\"/. \"$2\"",
                "sh",
                str(exercise),
                str(repository_ctx.path(package)),
            ])
            if copy.return_code != 0:
                fail("@wrong_build_files: " + copy.stderr)

            # Reading through labels makes Bazel notice when one of them changes.
            text = repository_ctx.read(Label("//solutions/{}/{}:BUILD.bazel".format(solution.basename, exercise.basename)))
            repository_ctx.read(Label("//solutions/{}:wrong_answers/{}".format(solution.basename, patch.basename)))
            build_file = package + "/BUILD.bazel"
            repository_ctx.file(build_file, text, False)
            patched = repository_ctx.execute(["patch", "--silent", "--fuzz=0", str(repository_ctx.path(build_file)), str(patch)])
            if patched.return_code != 0:
                fail("@wrong_build_files: {} does not apply:\n{}".format(patch, patched.stdout + patched.stderr))
            text = repository_ctx.read(build_file)
            repository_ctx.file(build_file, text.replace("\"//", "\"@rpc_on_steroids//"), False)

wrong_build_files = repository_rule(
    implementation = _wrong_build_files_impl,
    doc = "Makes a package of every wrong answer to a BUILD file exercise.",
    local = True,
)
