#!/bin/sh
#
# Publish the image ID, with its digest, of what a build job has just pushed:
# writes one file under image_references/, from which `imagelock lock` makes
# images.lock. Plain POSIX sh with cat, dd, grep, mkdir, mv, rm, sed, sha256sum (or
# cksum), sort, tr and wc: the images of kaniko, buildah and docker have nothing else.
#
# IMAGELOCK_IMAGE             What was pushed: an image ID a line, with or without a digest.
#
# Where it has no digest, the digest comes from the first of these that is set:
#
# IMAGELOCK_DIGEST            The digest itself.
# IMAGELOCK_DIGEST_FILE       Written by kaniko or buildah (--digest-file, --digestfile).
# IMAGELOCK_IMAGE_NAMES_FILE  Written by kaniko (--image-name-with-digest-file or
#                             --image-name-tag-with-digest-file); several files, one a line.
# IMAGELOCK_METADATA_FILE     Written by docker buildx (--metadata-file).
#
# None set: ./image.digest, ./image.names and ./image.metadata.json are looked for, in this
# order, and at last `docker image inspect` is asked. The last two files name their images,
# so that IMAGELOCK_IMAGE may be left out.
#
# IMAGELOCK_REFERENCES        The folder (default: image_references).
# IMAGELOCK_REFERENCE_NAME    The file's name (default: the job's: $CI_JOB_NAME_SLUG, with
#                             $CI_NODE_INDEX where $CI_NODE_TOTAL says that it runs in parallel).
#
# A second call in the same job adds its image IDs to the job's file.
# Exit status: 0, or 2 after one message; then nothing was written.

( # imagelock: save the image reference
  # A subshell: what is set in here cannot change the shell of the job.
  set -euf +C
  unset IFS
  LC_ALL=C # [a-f] has upper-case letters in it elsewhere
  export LC_ALL
  newline='
'
  return_character=$(printf '\r')

  fail() {
    printf 'error: %s\n' "$1" >&2
    printf 'save-image-reference: nothing was written\n' >&2
    exit 2
  }

  # Text of others, so that it cannot write to the terminal: one short line of it.
  shown() {
    printf '%s' "$1" | dd bs=160 count=1 2>/dev/null | tr -c '\040-\176' '?'
  }

  is_digest() {
    case $1 in
    sha256:*) [ "${#1}" -eq 71 ] || return 1 ;;
    sha512:*) [ "${#1}" -eq 135 ] || return 1 ;;
    *) return 1 ;;
    esac
    case ${1#sha???:} in *[!0-9a-f]*) return 1 ;; esac
  }

  is_image() {
    case $1 in *"$newline"*) return 1 ;; esac
    [ "${#1}" -le 700 ] || return 1
    label='[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?'
    host="($label([.]$label)*|\\[[a-fA-F0-9:]+\\])(:[0-9]+)?"
    part='[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*'
    printf '%s\n' "$1" | grep -Eq "^($host/)?$part(/$part)*(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@.*)?\$" || return 1
    case $1 in *@*) is_digest "${1#*@}" ;; esac
  }

  need_file() { # file, its largest size in bytes
    [ -f "$1" ] || fail "there is no file '$(shown "$1")': was the image built and pushed before?"
    [ -r "$1" ] || fail "no permission to read '$(shown "$1")'"
    [ "$(wc -c <"$1")" -le "$2" ] || fail "'$(shown "$1")' has more than $2 bytes: no builder writes this"
  }

  # The repository of an image ID, as Docker shortens it, to compare two spellings.
  repository_of() {
    name=${1%%@*}
    case ${name##*/} in *:*) name=${name%:*} ;; esac
    name=${name#index.}
    name=${name#docker.io/}
    printf '%s' "${name#library/}"
  }

  use_digest() { # where it comes from, the digest
    is_digest "$2" || fail "$1 holds '$(shown "$2")', which is no digest: 'sha256:' and 64 lower-case hex digits were expected"
    digest=$2
  }

  use_names() { # where they come from, image IDs with digests, one a line
    named='' digests=''
    for line in $2; do
      case $line in *@*) ;; *) fail "$1: '$(shown "$line")' has no digest" ;; esac
      is_image "$line" || fail "$1: '$(shown "$line")' is no image ID with a digest"
      named=$named$line$newline
      digests=$digests$newline${line#*@}
    done
    [ -n "$named" ] || fail "$1 is empty: was the image pushed?"
    if [ -n "$images" ]; then
      for image in $images; do
        for line in $named; do
          [ "$(repository_of "$line")" != "$(repository_of "$image")" ] || continue 2
        done
        fail "$1 does not name the repository of '$image'"
      done
      only_digest "$1" "$digests"
    else
      images=$named
    fi
  }

  only_digest() { # where they come from, digests one a line
    digests=$(printf '%s\n' "$2" | sed '/^$/d' | sort -u)
    case $digests in *"$newline"*) fail "$1 holds several digests: build one image at a time, or set IMAGELOCK_DIGEST" ;; esac
    use_digest "$1" "$digests"
  }

  use_names_files() { # files, one a line
    text=''
    IFS=$newline
    for file in $1; do
      need_file "$file" 65536
      text=$text$(tr '\000\r' '?\n' <"$file")$newline
    done
    unset IFS
    use_names "'$(shown "$1")'" "$text"
  }

  # JSON without a JSON parser: in a string every quote has a backslash before it, so that a
  # quoted key can be found safely once the document is one line.
  use_metadata() { # file
    need_file "$1" 16777216
    text=$(tr '\000\n\r\t' '?   ' <"$1" | sed 's/"containerimage\.digest" *:/\
&/g; s/"image\.name" *:/\
&/g' | sed -n '/^"containerimage\.digest" *: *"[^"]*"/p; /^"image\.name" *: *"[^"]*"/p')
    digests=$(printf '%s\n' "$text" | sed -n 's/^"containerimage[^:]*: *"\([^"]*\)".*/\1/p')
    [ -n "$digests" ] || fail "'$(shown "$1")' holds no \"containerimage.digest\": was the image pushed (--push)?"
    only_digest "'$(shown "$1")'" "$digests"
    [ -n "$images" ] || images=$(printf '%s\n' "$text" | sed -n 's/^"image\.name[^:]*: *"\([^"]*\)".*/\1/p' | tr ',' '\n')
    [ -n "$images" ] || fail "'$(shown "$1")' holds no \"image.name\": set IMAGELOCK_IMAGE"
  }

  use_docker() {
    [ -n "$images" ] || fail "nothing says what was pushed: set IMAGELOCK_IMAGE"
    command -v docker >/dev/null 2>&1 || fail "nothing says which digest '$(shown "$images")' has: set IMAGELOCK_DIGEST_FILE, IMAGELOCK_METADATA_FILE or another of save-image-reference.sh"
    pinned=''
    for image in $images; do
      case $image in *@*) ;; *) ask_docker "$image" && image=$image@$digest ;; esac
      pinned=$pinned$image$newline
    done
    images=$pinned
  }

  ask_docker() { # an image ID
    names=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$1" 2>/dev/null </dev/null) || fail "docker does not know the image '$1'"
    digests=''
    for line in $names; do
      [ "$(repository_of "$line")" = "$(repository_of "$1")" ] || continue
      digests=$digests$newline${line#*@}
    done
    [ -n "$digests" ] || fail "docker knows no digest of '$1': was it pushed?"
    only_digest "docker image inspect $1" "$digests"
  }

  # Only an image ID that is complete keeps its digest; the others get the one that was found.
  lines_of() {
    for image in $images; do
      case $image in *@*) ;; *) image=$image@$digest ;; esac
      is_image "$image" || fail "'$(shown "$image")' is no image ID"
      printf '%s\n' "$image"
    done
  }

  name_of_file() {
    name=${IMAGELOCK_REFERENCE_NAME:-}
    if [ -z "$name" ]; then
      name=${CI_JOB_NAME_SLUG:-}
      [ -n "$name" ] || name=$(printf '%s' "${CI_JOB_NAME:-}" | tr -c 'A-Za-z0-9' '-' | sed 's/^-*//')
      [ -n "$name" ] || fail "nothing names the file: set IMAGELOCK_REFERENCE_NAME"
      # Two jobs can have one slug ("build:app" and "build-app"), never one name.
      if [ -n "${CI_JOB_NAME:-}" ] && [ "$name" != "$CI_JOB_NAME" ]; then
        sum=$(printf '%s' "$CI_JOB_NAME" | sha256sum 2>/dev/null) || sum=$(printf '%s' "$CI_JOB_NAME" | cksum) || exit 2
        name=$name-${sum%"${sum#????????}"}
      fi
      case ${CI_NODE_TOTAL:-1} in 1) ;; *) name=$name-${CI_NODE_INDEX:-0} ;; esac
    fi
    case $name in .* | -* | *[!A-Za-z0-9._-]*) fail "'$(shown "$name")' is no name for a file: use letters, digits, '.', '_' and '-'" ;; esac
    printf '%s' "$name"
  }

  # What the job's file says already of other images stays.
  earlier_lines() {
    [ -f "$file" ] || return 0
    while IFS= read -r line || [ -n "$line" ]; do
      for new in $lines; do
        [ "${line%%@*}" != "${new%%@*}" ] || continue 2
      done
      printf '%s\n' "$line"
    done <"$file"
  }

  images=${IMAGELOCK_IMAGE:-}
  digest=''
  case $images in *' '* | *"$(printf '\t')"* | *"$return_character"*)
    fail "IMAGELOCK_IMAGE is '$(shown "$images")': an image ID holds no white space; give one a line" ;;
  esac
  incomplete=''
  for image in $images; do
    is_image "$image" || fail "IMAGELOCK_IMAGE is '$(shown "$image")', which is no image ID: [registry/]repository[:tag][@digest] was expected"
    case $image in *@*) ;; *) incomplete=$image ;; esac
  done
  if [ -n "$images" ] && [ -z "$incomplete" ]; then
    : # they need no other digest
  elif [ -n "${IMAGELOCK_DIGEST:-}" ]; then
    use_digest IMAGELOCK_DIGEST "$IMAGELOCK_DIGEST"
  elif [ -n "${IMAGELOCK_DIGEST_FILE:-}" ] || {
    [ -z "${IMAGELOCK_IMAGE_NAMES_FILE:-}${IMAGELOCK_METADATA_FILE:-}" ] && [ -n "$images" ] && [ -f image.digest ]
  }; then
    file=${IMAGELOCK_DIGEST_FILE:-image.digest}
    need_file "$file" 1024
    text=$(tr '\000' '?' <"$file")
    use_digest "'$(shown "$file")'" "${text%"$return_character"}"
  elif [ -n "${IMAGELOCK_IMAGE_NAMES_FILE:-}" ] || { [ -z "${IMAGELOCK_METADATA_FILE:-}" ] && [ -f image.names ]; }; then
    use_names_files "${IMAGELOCK_IMAGE_NAMES_FILE:-image.names}"
  elif [ -n "${IMAGELOCK_METADATA_FILE:-}" ] || [ -f image.metadata.json ]; then
    use_metadata "${IMAGELOCK_METADATA_FILE:-image.metadata.json}"
  else
    use_docker
  fi
  [ -n "$images" ] || fail "nothing says what was pushed: set IMAGELOCK_IMAGE"
  lines=$(lines_of) || exit 2

  folder=${IMAGELOCK_REFERENCES:-image_references}
  name=$(name_of_file) || exit 2
  case $folder in -*) folder=./$folder ;; esac
  file=$folder/$name
  # Artifacts of an earlier job may hold links, which lead to files that are no job's to publish.
  for path in "${folder%/}" "$file"; do
    [ ! -L "$path" ] || fail "'$(shown "$path")' is a link: remove it"
  done
  [ ! -d "$file" ] || fail "'$(shown "$file")' is a folder: a file was to be written there"
  mkdir -p "$folder" 2>/dev/null || fail "the folder '$(shown "$folder")' cannot be made"
  text=$(earlier_lines && printf '%s' "$lines") || fail "'$(shown "$file")' cannot be read"

  # A name with a dot is no reference file: a job that is killed leaves the old file or the new.
  temporary=$folder/.$name.$$
  trap 'rm -f "$temporary"' EXIT
  trap 'exit 130' HUP INT TERM
  { printf '%s\n' "$text" >"$temporary"; } 2>/dev/null || fail "'$(shown "$temporary")' cannot be written: is the disk full?"
  [ "$(cat "$temporary")" = "$text" ] || fail "'$(shown "$temporary")' could not be written whole: is the disk full?"
  mv -f "$temporary" "$file" || fail "'$(shown "$file")' cannot be written"
  printf 'imagelock: %s now says:\n%s\n' "$file" "$text"
)
# Where the job's shell runs without -e, the job must fail all the same.
[ "$?" -eq 0 ] || exit 2
