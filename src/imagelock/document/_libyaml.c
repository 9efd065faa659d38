/* The nodes of YAML, made in C of libyaml's events, as `Composer` of events.py makes them.
 *
 * libyaml is not linked. PyYAML brings it along inside a module of its own, and `use` looks
 * it up there, so that both ways read with the same library, and no other need be there.
 * What is seldom (anchors, tags, what is empty) is left to `Anchors` of compose.py; what is
 * broken or beyond a limit is read again by PyYAML, which tells the place. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

/* yaml_event_t, as yaml.h of libyaml 0.2 has it, where pointers have 64 bits. */
typedef struct {
    size_t index, line, column;
} Mark;

typedef struct {
    int type;
    union {
        struct {
            const char *anchor, *tag, *value;
            size_t length;
            int is_plain, is_quoted, style;
        } scalar;
        struct {
            const char *anchor, *tag;
        } collection;
        struct {
            const char *anchor;
        } alias;
    } data;
    Mark start, end;
} Event;

_Static_assert(sizeof(Event) == 104, "an event of libyaml takes 104 bytes");

enum {
    STREAM_END = 2,
    DOCUMENT_START = 3,
    ALIAS = 5,
    SCALAR,
    SEQUENCE_START,
    SEQUENCE_END,
    MAPPING_START,
    MAPPING_END,
};
enum { UTF8 = 1, STYLES = 6, MOST_LEVELS = 1024, EVENTS_BETWEEN_SIGNALS = 1 << 16 };

/* yaml_parser_t takes 480 bytes; nothing but the library looks inside. */
typedef union {
    char bytes[4096];
    max_align_t aligned;
} Parser;

static struct Library {
    const char *(*get_version_string)(void);
    int (*initialize)(Parser *);
    void (*set_encoding)(Parser *, int);
    void (*set_input_string)(Parser *, const unsigned char *, size_t);
    int (*parse)(Parser *, Event *);
    void (*delete_event)(Event *);
    void (*delete)(Parser *);
} libyaml;

/* What is imported once. */
static PyObject *scalar_type, *mapping_type, *sequence_type, *styles[STYLES];

/* A collection that is open. */
typedef struct {
    Py_ssize_t first; /* of the nodes that were made: the first that is in it */
    Py_ssize_t start;
    PyObject *anchor; /* or NULL */
    int is_dull;      /* what is around it, so far */
} Level;

typedef struct {
    PyObject *text, *anchors;
    PyObject *key_bits; /* a KeyBits, or NULL */
    long telling;
    Py_ssize_t base;
    PyObject **nodes; /* made, and in no collection that is closed */
    Py_ssize_t count, room;
    Level levels[MOST_LEVELS];
    int open, most_levels;
    Py_ssize_t scalars, most_scalars;
    int is_dull, has_anchors;
} Composer;

enum { FAILED = -1, GOES_ON, DONE, LEFT_TO_PYYAML };

static int
keep(Composer *self, PyObject *node)
{
    if (node == NULL)
        return FAILED;
    if (self->count == self->room) {
        Py_ssize_t room = self->room ? 2 * self->room : 256;
        PyObject **nodes = PyMem_Realloc(self->nodes, (size_t)room * sizeof *nodes);
        if (nodes == NULL) {
            Py_DECREF(node);
            PyErr_NoMemory();
            return FAILED;
        }
        self->nodes = nodes;
        self->room = room;
    }
    self->nodes[self->count++] = node;
    return GOES_ON;
}

/* As `is_dull_text` says. */
static int
is_dull_text(const char *value, size_t length)
{
    if (memchr(value, ':', length) || memchr(value, '[', length))
        return 0;
    const char *end = value + length;
    while (end - value >= 5 && (value = memchr(value, 'I', (size_t)(end - value) - 4)) != NULL) {
        if (memcmp(value, "IMAGE", 5) == 0)
            return 0;
        value++;
    }
    return 1;
}

/* Call a type with values, which are given away; NULL where one of them could not be made. */
static PyObject *
new_node(PyObject *type, PyObject **values, size_t count)
{
    PyObject *node = NULL;
    int is_whole = 1;
    for (size_t i = 0; i < count; i++)
        is_whole = is_whole && values[i] != NULL;
    if (is_whole)
        node = PyObject_Vectorcall(type, values, count, NULL);
    for (size_t i = 0; i < count; i++)
        Py_XDECREF(values[i]);
    return node;
}

static PyObject *
new_scalar(Composer *self, const Event *event)
{
    const char *value = event->data.scalar.value;
    Py_ssize_t length = (Py_ssize_t)event->data.scalar.length;
    Py_ssize_t start = (Py_ssize_t)event->start.index, end = (Py_ssize_t)event->end.index;
    int style = event->data.scalar.style;
    const char *anchor = event->data.scalar.anchor, *tag = event->data.scalar.tag;
    if (style < 0 || style >= STYLES) {
        PyErr_SetString(PyExc_SystemError, "libyaml names a style that is not known");
        return NULL;
    }
    self->has_anchors |= anchor != NULL;
    if (start == end || anchor != NULL || tag != NULL)
        return PyObject_CallMethod(self->anchors, "scalar", "s#nnOzz", value, length, start, end,
                                   styles[style], anchor, tag);
    PyObject *values[] = {
        PyUnicode_DecodeUTF8(value, length, NULL),
        PyLong_FromSsize_t(self->base + start),
        PyLong_FromSsize_t(self->base + end),
        Py_NewRef(styles[style]),
        Py_NewRef(self->text),
    };
    return new_node(scalar_type, values, 5);
}

/* What a key tells: `KeyBits` knows it, or works it out. */
static int
look_up(Composer *self, PyObject *key, long *bits)
{
    PyObject *value = PyObject_GetAttrString(key, "value");
    if (value == NULL)
        return FAILED;
    PyObject *found = PyDict_GetItemWithError(self->key_bits, value);
    if (found != NULL)
        Py_INCREF(found);
    else if (!PyErr_Occurred())
        found = PyObject_GetItem(self->key_bits, value);
    Py_DECREF(value);
    if (found == NULL)
        return FAILED;
    long its = PyLong_AsLong(found);
    Py_DECREF(found);
    if (its == -1 && PyErr_Occurred())
        return FAILED;
    *bits |= its;
    return GOES_ON;
}

/* The nodes from *first* on, each two of them as a pair. */
static PyObject *
pairs_of(Composer *self, Py_ssize_t first, long *bits)
{
    Py_ssize_t count = (self->count - first) / 2;
    PyObject *pairs = PyTuple_New(count);
    for (Py_ssize_t i = 0; pairs != NULL && i < count; i++) {
        PyObject *key = self->nodes[first + 2 * i];
        PyObject *pair = PyTuple_Pack(2, key, self->nodes[first + 2 * i + 1]);
        int looks_up = self->key_bits != NULL && Py_IS_TYPE(key, (PyTypeObject *)scalar_type);
        if (pair == NULL || (looks_up && look_up(self, key, bits) == FAILED)) {
            Py_XDECREF(pair);
            Py_CLEAR(pairs);
        }
        else
            PyTuple_SET_ITEM(pairs, i, pair);
    }
    return pairs;
}

static PyObject *
items_of(Composer *self, Py_ssize_t first)
{
    Py_ssize_t count = self->count - first;
    PyObject *items = PyTuple_New(count);
    for (Py_ssize_t i = 0; items != NULL && i < count; i++)
        PyTuple_SET_ITEM(items, i, Py_NewRef(self->nodes[first + i]));
    return items;
}

static void
let_go(Composer *self, Py_ssize_t first)
{
    while (self->count > first)
        Py_DECREF(self->nodes[--self->count]);
}

static PyObject *
new_mapping(Composer *self, const Level *level)
{
    long bits = 0;
    PyObject *pairs = pairs_of(self, level->first, &bits);
    PyObject *start = PyLong_FromSsize_t(self->base + level->start);
    let_go(self, level->first);
    if (self->key_bits == NULL) {
        PyObject *values[] = {pairs, start};
        return new_node(mapping_type, values, 2);
    }
    self->is_dull = self->is_dull && !(bits & self->telling);
    PyObject *values[] = {
        pairs, start, Py_NewRef(Py_None), PyLong_FromLong(bits), PyBool_FromLong(self->is_dull),
    };
    return new_node(mapping_type, values, 5);
}

static PyObject *
new_sequence(Composer *self, const Level *level)
{
    PyObject *items = items_of(self, level->first);
    let_go(self, level->first);
    PyObject *values[] = {
        items,
        PyLong_FromSsize_t(self->base + level->start),
        Py_NewRef(Py_None),
        PyBool_FromLong(self->is_dull),
    };
    return new_node(sequence_type, values, 4);
}

static int
open_collection(Composer *self, const Event *event)
{
    if (self->open >= self->most_levels)
        return LEFT_TO_PYYAML;
    PyObject *anchor = NULL;
    if (event->data.collection.anchor != NULL) {
        anchor = PyUnicode_FromString(event->data.collection.anchor);
        PyObject *told = anchor ? PyObject_CallMethod(self->anchors, "open", "O", anchor) : NULL;
        if (told == NULL) {
            Py_XDECREF(anchor);
            return FAILED;
        }
        Py_DECREF(told);
        self->has_anchors = 1;
    }
    self->levels[self->open++] = (Level){
        self->count, (Py_ssize_t)event->start.index, anchor, self->is_dull,
    };
    self->is_dull = self->key_bits != NULL;
    return GOES_ON;
}

static int
close_collection(Composer *self, int is_mapping)
{
    if (self->open == 0) {
        PyErr_SetString(PyExc_SystemError, "libyaml closes what is not open");
        return FAILED;
    }
    Level *level = &self->levels[--self->open];
    PyObject *node = is_mapping ? new_mapping(self, level) : new_sequence(self, level);
    if (level->anchor != NULL) {
        PyObject *bare = node;
        if (bare != NULL)
            node = PyObject_CallMethod(self->anchors, "close", "OO", level->anchor, bare);
        Py_XDECREF(bare);
        Py_CLEAR(level->anchor);
        self->is_dull = 0;
    }
    self->is_dull = self->is_dull && level->is_dull;
    return keep(self, node);
}

static int
forget_anchors(Composer *self)
{
    if (!self->has_anchors)
        return GOES_ON;
    self->has_anchors = 0;
    PyObject *told = PyObject_CallMethod(self->anchors, "forget", NULL);
    Py_XDECREF(told);
    return told ? GOES_ON : FAILED;
}

static int
take(Composer *self, const Event *event)
{
    switch (event->type) {
    case SCALAR:
        if (++self->scalars > self->most_scalars)
            return LEFT_TO_PYYAML;
        self->is_dull = self->is_dull && event->data.scalar.anchor == NULL
            && is_dull_text(event->data.scalar.value, event->data.scalar.length);
        return keep(self, new_scalar(self, event));
    case MAPPING_START:
    case SEQUENCE_START:
        return open_collection(self, event);
    case MAPPING_END:
        return close_collection(self, 1);
    case SEQUENCE_END:
        return close_collection(self, 0);
    case ALIAS:
        self->is_dull = 0;
        return keep(self, PyObject_CallMethod(self->anchors, "alias", "snn",
                                              event->data.alias.anchor,
                                              (Py_ssize_t)event->start.index,
                                              (Py_ssize_t)event->end.index));
    case DOCUMENT_START:
        return forget_anchors(self);
    case STREAM_END:
        return DONE;
    default:
        return GOES_ON;
    }
}

static int
take_all(Composer *self, Parser *parser)
{
    Event event;
    int done = GOES_ON;
    for (int count = 1; done == GOES_ON; count++) {
        if (count % EVENTS_BETWEEN_SIGNALS == 0 && PyErr_CheckSignals() < 0)
            return FAILED;
        if (!libyaml.parse(parser, &event))
            return LEFT_TO_PYYAML;
        done = take(self, &event);
        libyaml.delete_event(&event);
    }
    return done;
}

/* What the keys tell, which is found at the text. */
static int
look_at_the_text(Composer *self)
{
    self->key_bits = PyObject_GetAttrString(self->text, "key_bits");
    if (self->key_bits == NULL)
        return FAILED;
    if (!PyDict_Check(self->key_bits)) {
        Py_CLEAR(self->key_bits);
        return GOES_ON;
    }
    PyObject *telling = PyObject_GetAttrString(self->key_bits, "telling");
    if (telling == NULL)
        return FAILED;
    self->telling = PyLong_AsLong(telling);
    Py_DECREF(telling);
    self->is_dull = 1;
    return self->telling == -1 && PyErr_Occurred() ? FAILED : GOES_ON;
}

static int
judge_all(Parser *parser, int most_levels)
{
    Event event;
    int levels = 0, type = 0;
    for (int count = 1; type != STREAM_END; count++) {
        if (count % EVENTS_BETWEEN_SIGNALS == 0 && PyErr_CheckSignals() < 0)
            return FAILED;
        if (!libyaml.parse(parser, &event))
            return LEFT_TO_PYYAML;
        type = event.type;
        libyaml.delete_event(&event);
        levels += type == SEQUENCE_START || type == MAPPING_START;
        levels -= type == SEQUENCE_END || type == MAPPING_END;
        if (levels > most_levels || type == ALIAS)
            return LEFT_TO_PYYAML;
    }
    return DONE;
}

/* Read what stands in *content*, into nodes or (without a composer) for its syntax alone. */
static int
read_all(Composer *self, PyObject *content, int most_levels)
{
    Parser parser;
    Py_ssize_t size = 0;
    PyObject *encoded = NULL;
    const char *bytes;
    if (PyUnicode_IS_COMPACT_ASCII(content)) {
        bytes = PyUnicode_AsUTF8AndSize(content, &size); /* where it stands */
    }
    else {
        encoded = PyUnicode_AsUTF8String(content);
        bytes = encoded ? PyBytes_AS_STRING(encoded) : NULL;
        size = encoded ? PyBytes_GET_SIZE(encoded) : 0;
    }
    if (bytes == NULL) {
        if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
            return FAILED;
        PyErr_Clear();
        return LEFT_TO_PYYAML;
    }
    int done = FAILED;
    if (!libyaml.initialize(&parser))
        PyErr_NoMemory();
    else {
        libyaml.set_encoding(&parser, UTF8);
        libyaml.set_input_string(&parser, (const unsigned char *)bytes, (size_t)size);
        done = self ? take_all(self, &parser) : judge_all(&parser, most_levels);
        libyaml.delete(&parser);
    }
    Py_XDECREF(encoded);
    return done;
}

static PyObject *
roots_of(Composer *self)
{
    PyObject *roots = PyList_New(self->count);
    for (Py_ssize_t i = 0; roots != NULL && i < self->count; i++)
        PyList_SET_ITEM(roots, i, Py_NewRef(self->nodes[i]));
    return roots;
}

static void
clean_up(Composer *self)
{
    let_go(self, 0);
    while (self->open)
        Py_XDECREF(self->levels[--self->open].anchor);
    PyMem_Free(self->nodes);
    Py_XDECREF(self->key_bits);
    PyMem_Free(self);
}

PyDoc_STRVAR(compose_doc,
"compose(text, content, base, anchors, most_levels, most_scalars, /)\n"
"--\n\n"
"Return the roots of the documents in *content*, which stands in *text* from *base* on.\n\n"
"None where PyYAML is to read it: it is broken, or goes beyond a limit.");

static PyObject *
compose(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *content, *roots = NULL;
    Composer *self = PyMem_Calloc(1, sizeof *self);
    if (self == NULL)
        return PyErr_NoMemory();
    int done = FAILED;
    if (!PyArg_ParseTuple(args, "OUnOin:compose", &self->text, &content, &self->base,
                          &self->anchors, &self->most_levels, &self->most_scalars))
        ;
    else if (libyaml.parse == NULL || self->most_levels > MOST_LEVELS)
        PyErr_SetString(PyExc_ValueError, "there is no library, or there are too many levels");
    else if (look_at_the_text(self) != FAILED)
        done = read_all(self, content, self->most_levels);
    if (done == DONE)
        roots = roots_of(self);
    else if (done == LEFT_TO_PYYAML)
        roots = Py_NewRef(Py_None);
    clean_up(self);
    return roots;
}

PyDoc_STRVAR(is_sound_doc,
"is_sound(content, most_levels, /)\n"
"--\n\n"
"Say whether *content* is YAML that `compose` makes nodes of, with no alias in it.\n\n"
"False where PyYAML is to say what is wrong, if something is.");

static PyObject *
is_sound(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *content;
    int most_levels, done;
    if (!PyArg_ParseTuple(args, "Ui:is_sound", &content, &most_levels))
        return NULL;
    if (libyaml.parse == NULL) {
        PyErr_SetString(PyExc_ValueError, "there is no library");
        return NULL;
    }
    done = read_all(NULL, content, most_levels);
    return done == FAILED ? NULL : PyBool_FromLong(done == DONE);
}

PyDoc_STRVAR(use_doc,
"use(path, /)\n"
"--\n\n"
"Read with the libyaml in the file at *path*, and say whether it has one that is known here.");

static PyObject *
use(PyObject *Py_UNUSED(module), PyObject *path)
{
    PyObject *encoded;
    if (!PyUnicode_FSConverter(path, &encoded))
        return NULL;
    void *library = dlopen(PyBytes_AS_STRING(encoded), RTLD_LAZY | RTLD_LOCAL);
    Py_DECREF(encoded);
    if (library == NULL)
        Py_RETURN_FALSE;
    struct Library found;
#define FIND(name, symbol) (*(void **)&found.name = dlsym(library, symbol))
    int is_whole = FIND(get_version_string, "yaml_get_version_string")
        && FIND(initialize, "yaml_parser_initialize")
        && FIND(set_encoding, "yaml_parser_set_encoding")
        && FIND(set_input_string, "yaml_parser_set_input_string")
        && FIND(delete_event, "yaml_event_delete")
        && FIND(delete, "yaml_parser_delete")
        && FIND(parse, "yaml_parser_parse");
#undef FIND
    if (!is_whole || strncmp(found.get_version_string(), "0.2.", 4) != 0) {
        dlclose(library);
        Py_RETURN_FALSE;
    }
    libyaml = found;
    Py_RETURN_TRUE;
}

static PyObject *
imported(const char *name)
{
    PyObject *module = PyImport_ImportModule("imagelock.document.nodes");
    PyObject *found = module ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return found;
}

static int
import_all(void)
{
    static const char *const written[STYLES] = {"", "", "'", "\"", "|", ">"};
    for (int i = 0; i < STYLES; i++)
        if ((styles[i] = PyUnicode_InternFromString(written[i])) == NULL)
            return FAILED;
    scalar_type = imported("Scalar");
    mapping_type = imported("Mapping");
    sequence_type = imported("Sequence");
    return scalar_type && mapping_type && sequence_type ? GOES_ON : FAILED;
}

static PyMethodDef methods[] = {
    {"compose", compose, METH_VARARGS, compose_doc},
    {"is_sound", is_sound, METH_VARARGS, is_sound_doc},
    {"use", use, METH_O, use_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_libyaml", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__libyaml(void)
{
    return import_all() == GOES_ON ? PyModule_Create(&definition) : NULL;
}
