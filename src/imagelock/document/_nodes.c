/* libyaml's array of nodes made into ours: what `_compose_in_python` of libyaml.py does, and as it does it.
 *
 * Nothing is parsed here. libyaml has read the text, and every place that is followed is one
 * that it wrote. Where this is not compiled, the same nodes are made in Python; tests compare. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* yaml_node_t (yaml.h of libyaml 0.2) where pointers have 64 bits. */
typedef struct {
    size_t index, line, column;
} Mark;

typedef struct {
    int32_t kind;
    const char *tag;
    union {
        struct {
            const char *value;
            size_t length;
            int32_t style;
        } scalar;
        struct {
            const char *start, *end, *top;
            int32_t style;
        } items;
    } data;
    Mark start, end;
} YamlNode;

_Static_assert(sizeof(YamlNode) == 96, "libyaml's nodes take 96 bytes");

enum { SCALAR = 1, SEQUENCE = 2, MAPPING = 3 };
enum { STYLES = 6, MOST_LEVELS = 1024 };

/* What is imported once: the types of nodes, and what says where an empty scalar stands. */
static PyObject *scalar_type, *mapping_type, *sequence_type, *behind_its_indicator;
static PyObject *styles[STYLES];

/* A collection that is open. */
typedef struct {
    Py_ssize_t first; /* of the nodes that were made: the first that is in it */
    Py_ssize_t left;  /* how many are still to come around it */
    size_t start;
    int is_mapping;
    int is_dull; /* what is around it, so far */
} Level;

typedef struct {
    PyObject *text, *content;
    PyObject *key_bits; /* a KeyBits, or NULL */
    long telling;
    Py_ssize_t base;
    PyObject **nodes; /* made, and in no collection that is closed */
    Py_ssize_t count, room;
} Composer;

static int
keep(Composer *self, PyObject *node)
{
    if (node == NULL)
        return -1;
    if (self->count == self->room) {
        Py_ssize_t room = self->room ? 2 * self->room : 256;
        PyObject **nodes = PyMem_Realloc(self->nodes, (size_t)room * sizeof *nodes);
        if (nodes == NULL) {
            Py_DECREF(node);
            PyErr_NoMemory();
            return -1;
        }
        self->nodes = nodes;
        self->room = room;
    }
    self->nodes[self->count++] = node;
    return 0;
}

/* As `is_dull_text` says. */
static int
is_dull_text(const char *value, size_t length)
{
    if (memchr(value, ':', length) || memchr(value, '[', length))
        return 0;
    for (const char *at = value; length >= 5; at++) {
        at = memchr(at, 'I', length - 4 - (size_t)(at - value));
        if (at == NULL)
            return 1;
        if (memcmp(at, "IMAGE", 5) == 0)
            return 0;
        if ((size_t)(at - value) + 5 >= length)
            return 1;
    }
    return 1;
}

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
new_scalar(Composer *self, const YamlNode *node)
{
    Py_ssize_t start = (Py_ssize_t)node->start.index, end = (Py_ssize_t)node->end.index;
    int style = node->data.scalar.style;
    if (style < 0 || style >= STYLES) {
        PyErr_SetString(PyExc_SystemError, "libyaml names a style that is not known");
        return NULL;
    }
    if (start == end) {
        PyObject *place = PyObject_CallFunction(behind_its_indicator, "On", self->content, start);
        if (place == NULL)
            return NULL;
        start = end = PyLong_AsSsize_t(place);
        Py_DECREF(place);
        if (start == -1 && PyErr_Occurred())
            return NULL;
    }
    PyObject *values[] = {
        PyUnicode_DecodeUTF8(node->data.scalar.value, (Py_ssize_t)node->data.scalar.length, NULL),
        PyLong_FromSsize_t(self->base + start),
        PyLong_FromSsize_t(self->base + end),
        Py_NewRef(styles[style]),
        Py_NewRef(self->text),
    };
    return new_node(scalar_type, values, 5);
}

/* What a key tells: `KeyBits` knows it, or works it out. */
static long
bits_of(Composer *self, PyObject *key)
{
    PyObject *value = PyObject_GetAttrString(key, "value");
    if (value == NULL)
        return -1;
    PyObject *found = PyDict_GetItemWithError(self->key_bits, value);
    if (found != NULL)
        Py_INCREF(found);
    else if (!PyErr_Occurred())
        found = PyObject_GetItem(self->key_bits, value);
    Py_DECREF(value);
    if (found == NULL)
        return -1;
    long bits = PyLong_AsLong(found);
    Py_DECREF(found);
    return bits;
}

/* The nodes from *first* on, each two of them as a pair; they are given away. */
static PyObject *
pairs_of(Composer *self, Py_ssize_t first, long *bits)
{
    Py_ssize_t count = (self->count - first) / 2;
    PyObject *pairs = PyTuple_New(count);
    if (pairs == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *key = self->nodes[first + 2 * i], *value = self->nodes[first + 2 * i + 1];
        if (self->key_bits != NULL && Py_IS_TYPE(key, (PyTypeObject *)scalar_type)) {
            long its = bits_of(self, key);
            if (its == -1 && PyErr_Occurred())
                goto failed;
            *bits |= its;
        }
        PyObject *pair = PyTuple_Pack(2, key, value);
        if (pair == NULL)
            goto failed;
        PyTuple_SET_ITEM(pairs, i, pair);
    }
    while (self->count > first)
        Py_DECREF(self->nodes[--self->count]);
    return pairs;
failed:
    Py_DECREF(pairs);
    return NULL;
}

static PyObject *
new_mapping(Composer *self, const Level *level, int *is_dull)
{
    long bits = 0;
    PyObject *pairs = pairs_of(self, level->first, &bits);
    PyObject *start = PyLong_FromSsize_t(self->base + (Py_ssize_t)level->start);
    if (self->key_bits == NULL) {
        PyObject *values[] = {pairs, start};
        return new_node(mapping_type, values, 2);
    }
    *is_dull = *is_dull && !(bits & self->telling);
    PyObject *values[] = {
        pairs, start, Py_NewRef(Py_None), PyLong_FromLong(bits), PyBool_FromLong(*is_dull),
    };
    return new_node(mapping_type, values, 5);
}

static PyObject *
new_sequence(Composer *self, const Level *level, int is_dull)
{
    Py_ssize_t count = self->count - level->first;
    PyObject *items = PyTuple_New(count);
    if (items != NULL) {
        for (Py_ssize_t i = 0; i < count; i++)
            PyTuple_SET_ITEM(items, i, self->nodes[level->first + i]);
        self->count = level->first;
    }
    PyObject *values[] = {
        items,
        PyLong_FromSsize_t(self->base + (Py_ssize_t)level->start),
        Py_NewRef(Py_None),
        PyBool_FromLong(is_dull),
    };
    return new_node(sequence_type, values, 4);
}

/* Make all nodes; -1 where it failed, 1 where it is nested deeper than *most_levels*. */
static int
compose_all(Composer *self, const YamlNode *node, Py_ssize_t count, int most_levels)
{
    Level levels[MOST_LEVELS];
    int open = 0, counts_dull = self->key_bits != NULL, is_dull = counts_dull;
    Py_ssize_t left = 1;
    for (const YamlNode *end = node + count; node < end; node++) {
        left--;
        if (node->kind == SCALAR) {
            if (keep(self, new_scalar(self, node)) < 0)
                return -1;
            is_dull = is_dull && is_dull_text(node->data.scalar.value, node->data.scalar.length);
        }
        else if (node->kind != SEQUENCE && node->kind != MAPPING)
            break;
        else {
            if (open >= most_levels)
                return 1;
            levels[open++] = (Level){
                self->count, left, node->start.index, node->kind == MAPPING, is_dull,
            };
            is_dull = counts_dull;
            left = (node->data.items.top - node->data.items.start) / (Py_ssize_t)sizeof(int32_t);
        }
        while (left == 0 && open) {
            const Level *closed = &levels[--open];
            PyObject *made = closed->is_mapping ? new_mapping(self, closed, &is_dull)
                                                : new_sequence(self, closed, is_dull);
            if (keep(self, made) < 0)
                return -1;
            is_dull = closed->is_dull && is_dull;
            left = closed->left;
        }
    }
    if (self->count == 1 && !open && left == 0)
        return 0;
    PyErr_SetString(PyExc_SystemError, "libyaml's nodes are no tree");
    return -1;
}

/* What the keys tell, which is found at the text. */
static int
look_at(Composer *self, PyObject *text)
{
    self->text = text;
    self->key_bits = PyObject_GetAttrString(text, "key_bits");
    if (self->key_bits == NULL)
        return -1;
    if (!PyDict_Check(self->key_bits)) {
        Py_CLEAR(self->key_bits);
        return 0;
    }
    PyObject *telling = PyObject_GetAttrString(self->key_bits, "telling");
    if (telling == NULL)
        return -1;
    self->telling = PyLong_AsLong(telling);
    Py_DECREF(telling);
    return self->telling == -1 && PyErr_Occurred() ? -1 : 0;
}

PyDoc_STRVAR(compose_doc,
"compose(text, content, base, first, end, most_levels, /)\n"
"--\n\n"
"Return the root of the nodes that libyaml wrote from address *first* to *end*.\n\n"
"None where they are nested deeper than *most_levels*. *content* is what was read,\n"
"*base* where in *text* it begins.");

static PyObject *
compose(PyObject *Py_UNUSED(module), PyObject *args)
{
    Composer self = {0};
    PyObject *text, *root = NULL;
    unsigned long long first, end;
    int most_levels, done = -1;
    if (!PyArg_ParseTuple(args, "OUnKKi:compose", &text, &self.content, &self.base, &first, &end,
                          &most_levels))
        return NULL;
    if (most_levels > MOST_LEVELS || end < first || (end - first) % sizeof(YamlNode)) {
        PyErr_SetString(PyExc_ValueError, "these are no nodes of libyaml");
        return NULL;
    }
    if (look_at(&self, text) == 0)
        done = compose_all(&self, (const YamlNode *)(uintptr_t)first,
                           (Py_ssize_t)((end - first) / sizeof(YamlNode)), most_levels);
    if (done == 0)
        root = self.nodes[--self.count];
    else if (done == 1)
        root = Py_NewRef(Py_None);
    while (self.count)
        Py_DECREF(self.nodes[--self.count]);
    PyMem_Free(self.nodes);
    Py_XDECREF(self.key_bits);
    return root;
}

static PyObject *
imported(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
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
            return -1;
    scalar_type = imported("imagelock.document.nodes", "Scalar");
    mapping_type = imported("imagelock.document.nodes", "Mapping");
    sequence_type = imported("imagelock.document.nodes", "Sequence");
    behind_its_indicator = imported("imagelock.document.compose", "behind_its_indicator");
    return scalar_type && mapping_type && sequence_type && behind_its_indicator ? 0 : -1;
}

static PyMethodDef methods[] = {
    {"compose", compose, METH_VARARGS, compose_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_nodes", NULL, -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC
PyInit__nodes(void)
{
    return import_all() == 0 ? PyModule_Create(&definition) : NULL;
}
