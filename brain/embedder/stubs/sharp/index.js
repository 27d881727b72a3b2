// Stands in for the image library that @huggingface/transformers imports: 38 MB and two rights less.
module.exports = {};
