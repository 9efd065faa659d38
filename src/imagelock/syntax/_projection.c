/* The objects of a list, each with only those fields that are wanted, and alike ones once.
 *
 * A page of a large cluster is 5 MB of JSON (RFC 8259), of which a twentieth is wanted. That
 * is copied as it stands, so that whoever decodes the copy sees what stood there. Of what is
 * not wanted only the end is looked for, by its quotes and brackets, 64 bytes at a time.
 * What is broken or unusual is left to a decoder of the whole, which says what is wrong. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "_json.h"

enum { SAME, OWN, OUTPUTS };
enum { MOST_KEYS = 64, MOST_PAIRS = 512 };

/* What is wanted of a value: all of it, or some keys, or that of each item. */
typedef struct Shape {
    enum { WHOLE, OBJECT, ARRAY } kind;
    unsigned outputs; /* a bit for each one that gets something of it */
    size_t count;
    struct Key *keys;
    struct Shape *item;
} Shape;

typedef struct Key {
    char *name;
    size_t length;
    Shape *shape;
} Key;

static void
free_shape(Shape *shape)
{
    if (shape == NULL)
        return;
    for (size_t i = 0; i < shape->count; i++) {
        PyMem_Free(shape->keys[i].name);
        free_shape(shape->keys[i].shape);
    }
    PyMem_Free(shape->keys);
    free_shape(shape->item);
    PyMem_Free(shape);
}

static Key *
find_key(const Shape *shape, const void *name, size_t length)
{
    for (size_t i = 0; i < shape->count; i++)
        if (shape->keys[i].length == length && memcmp(shape->keys[i].name, name, length) == 0)
            return &shape->keys[i];
    return NULL;
}

static Key *
add_key(Shape *shape, const char *name, size_t length)
{
    if (shape->count == MOST_KEYS) {
        PyErr_SetString(PyExc_ValueError, "too many keys of one object are wanted");
        return NULL;
    }
    Key *keys = PyMem_Realloc(shape->keys, (shape->count + 1) * sizeof *keys);
    shape->keys = keys ? keys : shape->keys;
    char *copy = keys ? PyMem_Malloc(length + 1) : NULL;
    if (copy == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    memcpy(copy, name, length);
    keys[shape->count] = (Key){copy, length, NULL};
    return &keys[shape->count++];
}

static int extend(Shape **shape, PyObject *wanted, unsigned output);

static int
extend_object(Shape *shape, PyObject *wanted, unsigned output)
{
    PyObject *name, *value;
    Py_ssize_t at = 0, length;
    while (PyDict_Next(wanted, &at, &name, &value)) {
        const char *bytes = PyUnicode_AsUTF8AndSize(name, &length);
        if (bytes == NULL)
            return FAILED;
        Key *key = find_key(shape, bytes, (size_t)length);
        if (key == NULL && (key = add_key(shape, bytes, (size_t)length)) == NULL)
            return FAILED;
        if (extend(&key->shape, value, output) != READ)
            return FAILED;
    }
    return READ;
}

/* Add what an output wants: a dict of keys, a list with what each item is, or True. */
static int
extend(Shape **shape, PyObject *wanted, unsigned output)
{
    int kind = PyDict_Check(wanted) ? OBJECT : PyList_Check(wanted) ? ARRAY : WHOLE;
    if (*shape == NULL) {
        if ((*shape = PyMem_Calloc(1, sizeof **shape)) == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
        (*shape)->kind = kind;
    }
    (*shape)->outputs |= output;
    if ((int)(*shape)->kind != kind || (kind == ARRAY && PyList_GET_SIZE(wanted) != 1)) {
        PyErr_SetString(PyExc_ValueError, "one value is wanted in two ways");
        return FAILED;
    }
    if (kind == OBJECT)
        return extend_object(*shape, wanted, output);
    return kind == ARRAY ? extend(&(*shape)->item, PyList_GET_ITEM(wanted, 0), output) : READ;
}

typedef struct {
    char *bytes;
    size_t size, room;
} Buffer;

/* Objects that stand together and are alike: what is the same of them, and what each has of
 * its own, with a comma behind it; and where they all stand. */
typedef struct {
    size_t same, same_end, own, own_end;
    const unsigned char *start, *end;
} Run;

/* A key that is not wanted, with its value, in an object of some shape. */
typedef struct {
    const Shape *shape;
    const unsigned char *start;
    size_t length;
} Pair;

/* The first pairs of an object that were not wanted, in their order. */
typedef struct {
    Pair pairs[MOST_PAIRS];
    size_t count;
} Passed;

typedef struct {
    Json json;
    Passed passed[2]; /* in this object, and in the one before it */
    int now;
    Buffer outputs[OUTPUTS], head;
    Run *runs;
    size_t count, room;
} Reader;

static int
put(Buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->room - buffer->size < size) {
        size_t room = 2 * buffer->room + size + 4096;
        char *more = PyMem_RawRealloc(buffer->bytes, room);
        if (more == NULL)
            return FAILED;
        buffer->bytes = more;
        buffer->room = room;
    }
    memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return READ;
}

static int
put_all(Reader *self, unsigned outputs, const void *bytes, size_t size)
{
    for (unsigned i = 0; i < OUTPUTS; i++)
        if (outputs >> i & 1 && put(&self->outputs[i], bytes, size) != READ)
            return FAILED;
    return READ;
}

/* Write an end in place of the last comma, if there is one. */
static int
put_end(Reader *self, unsigned outputs, const char *end)
{
    for (unsigned i = 0; i < OUTPUTS; i++) {
        Buffer *output = &self->outputs[i];
        if (outputs >> i & 1 && output->bytes[output->size - 1] == ',')
            output->size--;
    }
    return put_all(self, outputs, end, 1);
}

static int copy_value(Reader *self, const Shape *shape);

/* Go over a pair that is what the object before had in its place, and say if so.
 *
 * Objects that stand together are much alike. A value cannot end in two places, but for
 * a number, behind which more digits may stand. */
static int
passed_again(Reader *self, const Shape *shape)
{
    const Passed *last = &self->passed[!self->now];
    size_t number = self->passed[self->now].count;
    if (number >= last->count)
        return 0;
    const Pair *pair = &last->pairs[number];
    const unsigned char *end = self->json.at + pair->length;
    if (pair->shape != shape || pair->length >= (size_t)(self->json.end - self->json.at) ||
        (*end != ',' && *end != '}') || memcmp(self->json.at, pair->start, pair->length) != 0)
        return 0;
    self->json.at = end;
    return 1;
}

static void
note_passed(Reader *self, const Shape *shape, const unsigned char *start)
{
    Passed *passed = &self->passed[self->now];
    if (passed->count < MOST_PAIRS)
        passed->pairs[passed->count++] = (Pair){shape, start, (size_t)(self->json.at - start)};
}

/* Read a key and its value; note which of the keys were found. */
static int
copy_pair(Reader *self, const Shape *shape, uint64_t *found)
{
    const unsigned char *name, *start;
    size_t length;
    skip_blanks(&self->json);
    start = self->json.at;
    if (passed_again(self, shape)) {
        note_passed(self, shape, start);
        return READ;
    }
    int read = read_key(&self->json, &name, &length);
    if (read != READ)
        return read;
    const Key *key = find_key(shape, name, length);
    if (key == NULL) {
        read = skip_value(&self->json);
        note_passed(self, shape, start);
        return read;
    }
    uint64_t bit = (uint64_t)1 << (key - shape->keys);
    if (*found & bit)
        return DOUBTED; /* it came twice, and the last one would count */
    *found |= bit;
    unsigned outputs = key->shape->outputs;
    if (put_all(self, outputs, name - 1, length + 2) != READ ||
        put_all(self, outputs, ":", 1) != READ)
        return FAILED;
    read = copy_value(self, key->shape);
    return read == READ ? put_all(self, outputs, ",", 1) : read;
}

static int
copy_object(Reader *self, const Shape *shape)
{
    uint64_t found = 0;
    int read = put_all(self, shape->outputs, "{", 1);
    self->json.at++;
    skip_blanks(&self->json);
    if (read == READ && take(&self->json, '}'))
        return put_all(self, shape->outputs, "}", 1);
    while (read == READ) {
        read = copy_pair(self, shape, &found);
        skip_blanks(&self->json);
        if (read == READ && !take(&self->json, ','))
            return take(&self->json, '}') ? put_end(self, shape->outputs, "}") : DOUBTED;
    }
    return read;
}

static int
copy_array(Reader *self, const Shape *shape)
{
    int read = put_all(self, shape->outputs, "[", 1);
    self->json.at++;
    skip_blanks(&self->json);
    if (read == READ && take(&self->json, ']'))
        return put_all(self, shape->outputs, "]", 1);
    while (read == READ) {
        read = copy_value(self, shape->item);
        if (read == READ)
            read = put_all(self, shape->outputs, ",", 1);
        skip_blanks(&self->json);
        if (read == READ && !take(&self->json, ','))
            return take(&self->json, ']') ? put_end(self, shape->outputs, "]") : DOUBTED;
    }
    return read;
}

/* Go to the end of a value, and write what is wanted of it. */
static int
copy_value(Reader *self, const Shape *shape)
{
    skip_blanks(&self->json);
    if (self->json.at >= self->json.end)
        return DOUBTED;
    const unsigned char *start = self->json.at;
    if (shape->kind == OBJECT && *start == '{')
        return copy_object(self, shape);
    if (shape->kind == ARRAY && *start == '[')
        return copy_array(self, shape);
    if (shape->kind != WHOLE && *start != 'n')
        return DOUBTED; /* null stands for nothing; all else is a mistake */
    int read = skip_value(&self->json);
    return read == READ ? put_all(self, shape->outputs, start, (size_t)(self->json.at - start)) : read;
}

static Run *
new_run(Reader *self)
{
    if (self->count == self->room) {
        size_t room = 2 * self->room + 64;
        Run *runs = PyMem_RawRealloc(self->runs, room * sizeof *runs);
        if (runs == NULL)
            return NULL;
        self->runs = runs;
        self->room = room;
    }
    return &self->runs[self->count++];
}

/* Add the object that was written last to those before it, or begin anew with it. */
static int
join(Reader *self, size_t same, size_t own, const unsigned char *start)
{
    Buffer *sames = &self->outputs[SAME];
    size_t length = sames->size - same;
    Run *run = self->count ? &self->runs[self->count - 1] : NULL;
    if (put(&self->outputs[OWN], ",", 1) != READ)
        return FAILED;
    if (run != NULL && run->same_end - run->same == length &&
        memcmp(sames->bytes + run->same, sames->bytes + same, length) == 0)
        sames->size = same;
    else if ((run = new_run(self)) == NULL)
        return FAILED;
    else
        *run = (Run){.same = same, .same_end = sames->size, .own = own, .start = start};
    run->own_end = self->outputs[OWN].size;
    run->end = self->json.at;
    return READ;
}

static int
read_items(Reader *self, const Shape *shape)
{
    skip_blanks(&self->json);
    if (!take(&self->json, '['))
        return DOUBTED;
    skip_blanks(&self->json);
    if (take(&self->json, ']'))
        return READ;
    do {
        skip_blanks(&self->json);
        const unsigned char *start = self->json.at;
        if (start >= self->json.end || *start != '{')
            return DOUBTED;
        self->now = !self->now;
        self->passed[self->now].count = 0;
        size_t same = self->outputs[SAME].size, own = self->outputs[OWN].size;
        int read = copy_object(self, shape);
        if (read == READ)
            read = join(self, same, own, start);
        if (read != READ)
            return read;
        skip_blanks(&self->json);
    } while (take(&self->json, ','));
    return take(&self->json, ']') ? READ : DOUBTED;
}

/* Read one key of the list itself: its items by their shape, everything else whole. */
static int
read_pair(Reader *self, const Shape *shape, int *has_items)
{
    const unsigned char *name;
    size_t length;
    int read = read_key(&self->json, &name, &length);
    if (read != READ)
        return read;
    if (length == 5 && memcmp(name, "items", 5) == 0)
        return (*has_items)++ ? DOUBTED : read_items(self, shape);
    read = skip_value(&self->json);
    if (read == READ)
        read = put(&self->head, name - 1, (size_t)(self->json.at - name) + 1);
    return read == READ ? put(&self->head, ",", 1) : read;
}

static int
read_list(Reader *self, const Shape *shape)
{
    int has_items = 0, read = put(&self->head, "{", 1);
    skip_blanks(&self->json);
    if (read == READ && !take(&self->json, '{'))
        return DOUBTED;
    do {
        if (read == READ)
            read = read_pair(self, shape, &has_items);
        if (read != READ)
            return read;
        skip_blanks(&self->json);
    } while (take(&self->json, ','));
    int is_closed = take(&self->json, '}');
    skip_blanks(&self->json);
    if (!is_closed || !has_items || self->json.at != self->json.end)
        return DOUBTED;
    self->head.size -= self->head.bytes[self->head.size - 1] == ',';
    return put(&self->head, "}", 1);
}

/* (what is the same, a list of what each has of its own, where they begin, where they end) */
static PyObject *
run_as_tuple(const Reader *self, const Run *run, const unsigned char *data)
{
    size_t length = run->own_end - run->own - 1; /* without the last comma */
    PyObject *own = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)length + 2);
    if (own == NULL)
        return NULL;
    char *bytes = PyBytes_AS_STRING(own);
    bytes[0] = '[';
    memcpy(bytes + 1, self->outputs[OWN].bytes + run->own, length);
    bytes[length + 1] = ']';
    return Py_BuildValue("y#Nnn", self->outputs[SAME].bytes + run->same,
                         (Py_ssize_t)(run->same_end - run->same), own,
                         (Py_ssize_t)(run->start - data), (Py_ssize_t)(run->end - data));
}

static PyObject *
as_tuple(const Reader *self, const unsigned char *data)
{
    PyObject *runs = PyList_New((Py_ssize_t)self->count);
    for (size_t i = 0; runs != NULL && i < self->count; i++) {
        PyObject *run = run_as_tuple(self, &self->runs[i], data);
        if (run == NULL)
            Py_CLEAR(runs);
        else
            PyList_SET_ITEM(runs, (Py_ssize_t)i, run);
    }
    if (runs == NULL)
        return NULL;
    return Py_BuildValue("y#N", self->head.bytes, (Py_ssize_t)self->head.size, runs);
}

static const char FIELDS[] = "imagelock.syntax._projection.fields";

static void
free_fields(PyObject *capsule)
{
    free_shape(PyCapsule_GetPointer(capsule, FIELDS));
}

/* fields(same, own): what `project` is to read of each item. */
static PyObject *
fields(PyObject *module, PyObject *args)
{
    PyObject *same, *own, *capsule = NULL;
    Shape *shape = NULL;
    (void)module;
    if (!PyArg_ParseTuple(args, "O!O!", &PyDict_Type, &same, &PyDict_Type, &own))
        return NULL;
    if (extend(&shape, same, 1 << SAME) == READ && extend(&shape, own, 1 << OWN) == READ)
        capsule = PyCapsule_New(shape, FIELDS, free_fields);
    if (capsule == NULL)
        free_shape(shape);
    return capsule;
}

/* project(data, fields): the list without its items, and these in runs; None when in doubt. */
static PyObject *
project(PyObject *module, PyObject *args)
{
    Py_buffer data;
    PyObject *capsule, *projected = NULL;
    Reader reader = {0};
    int read = DOUBTED;
    (void)module;
    if (!PyArg_ParseTuple(args, "y*O", &data, &capsule))
        return NULL;
    const Shape *shape = PyCapsule_GetPointer(capsule, FIELDS);
    if (shape != NULL) {
        reader.json.at = data.buf;
        reader.json.end = reader.json.at + data.len;
        Py_BEGIN_ALLOW_THREADS
        read = read_list(&reader, shape);
        Py_END_ALLOW_THREADS
        if (read == READ)
            projected = as_tuple(&reader, data.buf);
        else if (read == DOUBTED)
            projected = Py_NewRef(Py_None);
        else
            PyErr_NoMemory();
    }
    PyMem_RawFree(reader.outputs[SAME].bytes);
    PyMem_RawFree(reader.outputs[OWN].bytes);
    PyMem_RawFree(reader.head.bytes);
    PyMem_RawFree(reader.runs);
    PyBuffer_Release(&data);
    return projected;
}

static PyMethodDef methods[] = {
    {"fields", fields, METH_VARARGS, "Say what is wanted of each item of a list."},
    {"project", project, METH_VARARGS, "Read the items of a list as far as they are wanted."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "imagelock.syntax._projection",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__projection(void)
{
    return PyModule_Create(&module);
}
