"""Tiny models with random weights, saved as their makers save them: Gemma 3, LLaVA, Qwen2.5-VL, and a text-only Llama.

The architecture, the processor and the chat template are the real ones in small; the words are bytes and mean nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

SPECIAL = {
    "image_token": "<image>",
    "boi_token": "<start_of_image>",
    "eoi_token": "<end_of_image>",
    "video_token": "<video>",
    "vision_start_token": "<vision_start>",
    "vision_end_token": "<vision_end>",
    "turn_token": "<turn>",
    "turn_end_token": "<turn_end>",
}
# A system part in the user's turn, as Gemma's own template has it.
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{% set first = messages[0]['content'][0]['text'] + '\n\n' "
    "%}{% set rest = messages[1:] %}{% else %}{% set first = '' %}{% set rest = messages %}{% endif %}"
    "{% for message in rest %}<turn>{{ message['role'] }}\n{{ first if loop.first else '' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}<start_of_image>"
    "{% else %}{{ part['text'] | trim }}{% endif %}{% endfor %}<turn_end>\n{% endfor %}"
    "{% if add_generation_prompt %}<turn>model\n{% endif %}"
)
# No system role: it is left out without a word.
LLAVA = (
    "{% for message in messages %}{% if message['role'] == 'user' %}USER: {% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %} ASSISTANT:{% endif %}"
)
QWEN = (
    "{% for message in messages %}<turn>{{ message['role'] }}\n{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<vision_start><image><vision_end>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<turn_end>\n{% endfor %}{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
)
# A system role that raises, as in Gemma 2.
TEXT = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}<turn>{{ message['role'] }}\n"
    "{{ message['content'] }}<turn_end>\n{% endfor %}{% if add_generation_prompt %}<turn>model\n{% endif %}"
)


def tokenizer() -> Any:
    """Every byte is a word: any text goes in and comes out."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        bos_token="<bos>",
        eos_token="<eos>",
        pad_token="<pad>",
        unk_token="<unk>",
        extra_special_tokens=SPECIAL,
    )


def _text(words: Any, **more: Any) -> dict[str, Any]:
    return {
        "vocab_size": len(words),
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "max_position_embeddings": 16384,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    } | more


def _vision(**more: Any) -> dict[str, Any]:
    return {
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "image_size": 56,
        "patch_size": 14,
    } | more


def _save(folder: Path, model: Any, processor: Any) -> Path:
    model.save_pretrained(folder, safe_serialization=True)
    processor.save_pretrained(folder)
    return folder


def gemma3(folder: Path) -> Path:
    """Gemma 3, MedGemma's class: SigLIP, four tokens an image, a window and a full layer."""
    import torch
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    torch.manual_seed(1)
    words = tokenizer()
    text = _text(words, head_dim=16, sliding_window=64, layer_types=["sliding_attention", "full_attention"])
    config = Gemma3Config(
        text_config=text,
        vision_config=_vision(),
        mm_tokens_per_image=4,
        image_token_index=words.image_token_id,
        boi_token_index=words.boi_token_id,
        eoi_token_index=words.eoi_token_id,
    )
    images = Gemma3ImageProcessorPil(size={"height": 56, "width": 56}, do_pan_and_scan=False)
    processor = Gemma3Processor(images, words, chat_template=GEMMA, image_seq_length=4)
    model = Gemma3ForConditionalGeneration(config)
    # Made as zeros: the image would not reach the words.
    torch.nn.init.normal_(model.model.multi_modal_projector.mm_input_projection_weight, std=0.2)
    return _save(folder, model, processor)


def llava(folder: Path) -> Path:
    """LLaVA: CLIP and Llama."""
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, LlavaProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    torch.manual_seed(2)
    words = tokenizer()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**_vision()),
        text_config=LlamaConfig(**_text(words)),
        image_token_index=words.image_token_id,
        vision_feature_select_strategy="default",
    )
    images = CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56})
    # CLIP puts a class token before its patches, which the strategy "default" takes off again.
    processor = LlavaProcessor(
        images,
        words,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=LLAVA,
    )
    return _save(folder, LlavaForConditionalGeneration(config), processor)


def qwen25_vl(folder: Path) -> Path:
    """Qwen2.5-VL: as many tokens as the picture has patches."""
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    torch.manual_seed(3)
    words = tokenizer()
    config = Qwen2_5_VLConfig(
        text_config=_text(words, rope_parameters={"rope_type": "default", "mrope_section": [2, 3, 3]}),
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "out_hidden_size": 32,
            "intermediate_size": 48,
            "num_heads": 2,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "window_size": 56,
            "fullatt_block_indexes": [1],
        },
        image_token_id=words.image_token_id,
        video_token_id=words.video_token_id,
        vision_start_token_id=words.vision_start_token_id,
        vision_end_token_id=words.vision_end_token_id,
    )
    # Its parts are saved one by one, as on the hub: the whole processor exists only where torchvision is installed.
    words.chat_template = QWEN
    words.save_pretrained(folder)
    return _save(
        folder,
        Qwen2_5_VLForConditionalGeneration(config),
        Qwen2VLImageProcessorPil(size={"shortest_edge": 784, "longest_edge": 12544}),
    )


def llama(folder: Path) -> Path:
    """A model of text alone."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(4)
    words = tokenizer()
    words.chat_template = TEXT
    return _save(folder, LlamaForCausalLM(LlamaConfig(**_text(words))), words)


MODELS = {"gemma3": gemma3, "llava": llava, "qwen25_vl": qwen25_vl, "llama": llama}
